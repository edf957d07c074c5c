"""The wire between a page and the server: messages, sessions that outlive sockets, and what one may send."""
