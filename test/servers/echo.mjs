// Gives back on stdout every byte it gets on stdin, as it comes; says on stderr that it is there.
process.stderr.write("echo is ready\n");
process.stdin.pipe(process.stdout);
