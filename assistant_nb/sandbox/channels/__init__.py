"""How the engine talks to a kernel: ZeroMQ over a Unix socket, without ZeroMQ's library."""
