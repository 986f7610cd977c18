"""The command line: the roof, which imports everything and is imported by nobody."""
