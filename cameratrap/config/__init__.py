"""The configuration: one typed tree, read from files and the environment, never rewritten.

Each key's type, range and meaning stand once, in ``tree``; the checks, `config init`, `config show` and the README's
table are made from them. Every problem is found before anything starts, and all are listed at once.
"""

from cameratrap.config.keys import ENVIRONMENT_PREFIX, keys, template
from cameratrap.config.layers import FILE_NAME, Resolved, resolve, resolve_alone
from cameratrap.config.tree import Config

__all__ = ["ENVIRONMENT_PREFIX", "FILE_NAME", "Config", "Resolved", "keys", "resolve", "resolve_alone", "template"]
