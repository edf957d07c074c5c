"""The media relay: forwards RTP between the participants of a room without decoding it (docs/protocol.md, Media)."""
