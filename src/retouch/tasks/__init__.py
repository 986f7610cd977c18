"""The task's life: rows, tickets, leases, retention, keys."""
