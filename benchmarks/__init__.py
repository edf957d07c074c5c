"""What is measured, and how: each benchmark is a package that `python -m` runs."""
