package emrkit;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.Properties;

/**
 * A driver JVM that is booted ahead of its one step.
 *
 * It first runs a throw-away job, so that what jobs need is loaded and compiled, then waits on its standard input for
 * the environment and the arguments of exactly one spark-submit, runs SparkSubmit with them and ends with it. When the
 * input ends before that, the daemon is gone and so is the slot.
 */
public class Slot {
  public static void main(String[] warmUp) throws Exception {
    Properties before = (Properties) System.getProperties().clone();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    if (warmUp.length > 0) org.apache.spark.deploy.SparkSubmit.main(warmUp);
    org.apache.hadoop.fs.FileSystem.closeAll();
    System.setProperties(before);
    Thread.currentThread().setContextClassLoader(loader);
    System.gc();
    new FileOutputStream(".ready").close();

    DataInputStream in = new DataInputStream(System.in);
    String[] args;
    try {
      Map environment = environment();
      int variables = in.readInt();
      for (int i = 0; i < variables; i++) {
        String name = in.readUTF();
        environment.put(name, in.readUTF());
      }
      args = new String[in.readInt()];
      for (int i = 0; i < args.length; i++) args[i] = in.readUTF();
    } catch (EOFException daemonIsGone) {
      return;
    }
    org.apache.spark.deploy.SparkSubmit.main(args);
  }

  /** The process environment, writable: Spark's own flags already open java.lang and java.util. */
  private static Map environment() throws Exception {
    Field shown = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theUnmodifiableEnvironment");
    shown.setAccessible(true);
    Field map = Class.forName("java.util.Collections$UnmodifiableMap").getDeclaredField("m");
    map.setAccessible(true);
    return (Map) map.get(shown.get(null));
  }
}
