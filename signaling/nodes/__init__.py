"""Several processes, one service: which one holds a room, and how the others reach it. See docs/nodes.md."""
