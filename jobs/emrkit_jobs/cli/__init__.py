"""The command line: parse, call, render. The only printer and exiter."""
