"""A loudspeaker and a microphone in one room: no machine that tests run on has them."""

# What any page plays comes back to whoever listens without echo cancellation, as the test of the loudspeaker does.
AIR = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
const connect = AudioNode.prototype.connect;
const air = new AudioContext();
const ear = new MediaStreamAudioDestinationNode(air);
AudioNode.prototype.connect = function (to, ...others) {
  if (to === this.context.destination && this.context !== air) {
    const loudspeaker = new MediaStreamAudioDestinationNode(this.context);
    connect.call(this, loudspeaker);
    connect.call(new MediaStreamAudioSourceNode(air, { mediaStream: loudspeaker.stream }), ear);
  }
  return connect.call(this, to, ...others);
};
navigator.mediaDevices.getUserMedia = async (asked) =>
  asked.audio?.echoCancellation === false ? ear.stream.clone() : ask(asked);
"""
