"""What is stored of an answer: identifiers for counting, and no name."""

from tortoise import fields

from teleconsult.database import Record


class Answer(Record):
    """One citizen's answer about one appointment.

    Plain identifiers rather than references: the answer is kept for the statistics when the appointment, which holds
    names, has been erased.
    """

    appointment_id = fields.CharField(max_length=32, unique=True)
    service_id = fields.CharField(max_length=32, db_index=True)
    site_id = fields.CharField(max_length=32, db_index=True)
    agent_id = fields.CharField(max_length=32, db_index=True)
    score = fields.IntField()  # 0 bad, 5 average, 10 good: `teleconsult.feedback.scores.Score`
    surface = fields.CharField(max_length=8)  # kiosk, desktop
    answered_at = fields.DatetimeField()

    class Meta:
        table = "feedback_answer"
