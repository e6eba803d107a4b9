"""What forked processes inherit, so that each need not build it again."""

import pytest

from pipeline.classify import MessageClassifier
from tests.builders import a_message


@pytest.fixture(scope="session")
def classifier(classifier: MessageClassifier) -> MessageClassifier:
    """With its cues and word lists built."""
    classifier.classify([a_message()], explain=True)
    return classifier
