"""Our relay beside Janus and aiortc's MediaRelay, under one load."""
