"""What waiting, joining and talking cost the service, beside the PeerJS server."""
