"""``python -m cameratrap`` is the command line."""

from cameratrap.cli import main

main()
