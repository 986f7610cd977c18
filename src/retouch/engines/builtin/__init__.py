"""The CPU engine: carries a Plan out on pixels."""
