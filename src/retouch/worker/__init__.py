"""Runs tasks: the loop, the literal list of steps, and the sandboxed child for pixels."""
