"""Accounts of agents, advisers and administrators, and their sessions. Citizens have none."""

from tortoise import fields

from teleconsult.database import Record


class Account(Record):
    """Someone who signs in. `roles` are values of `teleconsult.accounts.roles.Role`."""

    email = fields.CharField(max_length=254, unique=True)  # kept in lower case
    name = fields.CharField(max_length=120)
    password_hash = fields.CharField(max_length=200)
    roles: fields.Field[list[str]] = fields.JSONField(default=list)
    language = fields.CharField(max_length=5, default="fr")
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "account"


class Session(Record):
    """A signed-in browser: only the SHA-256 of its cookie is kept."""

    token_hash = fields.CharField(max_length=64, unique=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("accounts.Account", related_name="sessions")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session"
