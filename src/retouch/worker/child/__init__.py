"""The sandboxed process that alone touches untrusted pixels, and the parent's side of it.

Parent: :mod:`pool` keeps children ready, :mod:`handle` starts and kills one, :mod:`session` is one task's
conversation. Child: :mod:`process` is its life from exec to exit, :mod:`sandbox` closes it in, :mod:`job`
works. Between them: :mod:`wire`. The border is explained in docs/explanation/trust-border.md.
"""
