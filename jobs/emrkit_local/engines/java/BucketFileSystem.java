package emrkit;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.CopyOption;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * s3://bucket/key is the file ROOT/bucket/key, where ROOT is fs.emrkit.root.
 *
 * As on S3, an object appears whole when its stream is closed or not at all, there is no append, and a bucket that does
 * not exist is an error. Written for the compiler that Spark ships, so that no JDK is needed: no lambdas, no diamonds,
 * every import by name.
 */
public class BucketFileSystem extends FileSystem {
  private URI uri;
  private File root;
  private File unfinished;
  private Path workingDirectory;
  private final RawLocalFileSystem local = new RawLocalFileSystem();

  public void initialize(URI name, Configuration conf) throws IOException {
    super.initialize(name, conf);
    setConf(conf);
    String bucket = name.getAuthority();
    String top = conf.get("fs.emrkit.root");
    if (top == null) throw new IOException("fs.emrkit.root is not set");
    uri = URI.create(name.getScheme() + "://" + bucket);
    root = new File(top, bucket);
    unfinished = new File(top, ".emrkit/tmp");
    if (bucket == null || bucket.startsWith(".") || !root.isDirectory())
      throw new FileNotFoundException("NoSuchBucket: the bucket '" + bucket + "' does not exist on local EMR");
    local.initialize(URI.create("file:///"), conf);
    workingDirectory = new Path(uri + "/");
  }

  public String getScheme() { return uri.getScheme(); }

  public URI getUri() { return uri; }

  /** Any bucket's path may be asked of us: Hadoop resolves the file system by the path itself. */
  protected void checkPath(Path path) { }

  public void setWorkingDirectory(Path path) { workingDirectory = path; }

  public Path getWorkingDirectory() { return workingDirectory; }

  public long getDefaultBlockSize(Path path) { return getConf().getLongBytes("fs.s3a.block.size", 32L << 20); }

  private File at(Path path) {
    Path absolute = path.isAbsolute() ? path : new Path(workingDirectory, path);
    return new File(root, absolute.toUri().getPath());
  }

  /** Without owner and mode: asking for them starts a process for every file. */
  private FileStatus status(File file, Path path) {
    boolean folder = file.isDirectory();
    long size = folder ? 0 : file.length();
    return new FileStatus(size, folder, 1, getDefaultBlockSize(path), file.lastModified(), makeQualified(path));
  }

  private static FileNotFoundException missing(Path path) {
    return new FileNotFoundException("No such file or directory: " + path);
  }

  public FileStatus getFileStatus(Path path) throws IOException {
    File file = at(path);
    if (!file.exists()) throw missing(path);
    return status(file, path);
  }

  public FileStatus[] listStatus(Path path) throws IOException {
    File file = at(path);
    if (!file.exists()) throw missing(path);
    if (!file.isDirectory()) return new FileStatus[] {status(file, path)};
    String[] names = file.list();
    if (names == null) names = new String[0];
    Arrays.sort(names);
    FileStatus[] found = new FileStatus[names.length];
    for (int i = 0; i < names.length; i++)
      found[i] = status(new File(file, names[i]), new Path(path, new Path(null, null, names[i])));
    return found;
  }

  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    File file = at(path);
    if (!file.exists()) throw missing(path);
    if (file.isDirectory()) throw new FileNotFoundException("Cannot open " + path + ": it is a directory");
    return local.open(new Path("file", null, file.getPath()), bufferSize);
  }

  public FSDataOutputStream create(Path path, FsPermission permission, boolean overwrite, int bufferSize,
      short replication, long blockSize, Progressable progress) throws IOException {
    File file = at(path);
    if (file.isDirectory()) throw new FileAlreadyExistsException(path + " is a directory");
    if (file.exists() && !overwrite) throw new FileAlreadyExistsException(path + " already exists");
    unfinished.mkdirs();
    return new FSDataOutputStream(new WholeObject(new File(unfinished, UUID.randomUUID().toString()), file), statistics);
  }

  /** A temporary file that takes its place under the object's name when it is closed. */
  private static class WholeObject extends BufferedOutputStream {
    private final File part;
    private final File target;
    private boolean closed;

    WholeObject(File part, File target) throws IOException {
      super(new FileOutputStream(part), 1 << 16);
      this.part = part;
      this.target = target;
    }

    public void close() throws IOException {
      if (closed) return;
      closed = true;
      super.close();
      target.getParentFile().mkdirs();
      Files.move(part.toPath(), target.toPath(),
          new CopyOption[] {StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING});
    }
  }

  public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
    throw new UnsupportedOperationException("Append is not supported by S3");
  }

  public boolean mkdirs(Path path, FsPermission permission) throws IOException {
    File file = at(path);
    if (file.isFile()) throw new FileAlreadyExistsException(path + " is a file");
    return file.isDirectory() || file.mkdirs() || file.isDirectory();
  }

  public boolean delete(Path path, boolean recursive) throws IOException {
    File file = at(path);
    if (!file.exists() || file.equals(root)) return false;
    return local.delete(new Path("file", null, file.getPath()), recursive);
  }

  public boolean rename(Path source, Path destination) throws IOException {
    File from = at(source);
    File to = at(destination);
    if (!from.exists()) return false;
    if (to.isDirectory()) to = new File(to, from.getName());
    if (to.exists() || !to.getParentFile().isDirectory()) return false;
    Files.move(from.toPath(), to.toPath(), new CopyOption[] {StandardCopyOption.ATOMIC_MOVE});
    return true;
  }
}
