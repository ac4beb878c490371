"""The commands of `audiogen-daemon`, one file each: arguments in, exit code out."""
