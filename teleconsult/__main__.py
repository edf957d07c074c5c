"""`python -m teleconsult` is the `teleconsult` command."""

import sys

from teleconsult.cli import main

if __name__ == "__main__":
    sys.exit(main())
