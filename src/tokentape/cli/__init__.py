"""The command line: `main` finds the commands, one file each."""
