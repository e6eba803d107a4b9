"""Message -> PreparedMessage. The only path to the model, for training and for serving."""

from pipeline.cues import find_cues
from pipeline.domain import Channel, Message, PreparedMessage
from pipeline.normalise import resident_words


def prepare(message: Message) -> PreparedMessage:
    """The words to judge and the cues in them."""
    words = resident_words(message.text, message.subject, mail=message.channel is Channel.EMAIL)
    return PreparedMessage(
        text=words.text,
        subject=words.subject,
        channel=message.channel,
        cues=find_cues(words.text),
        windowed=words.windowed,
    )
