"""What the API must be told. Everything else it learns from the issuer."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The settings, each from a variable of the environment."""

    issuer: str
    """NOTES_ISSUER: what stands in `iss`, to the byte."""
    audience: str
    """NOTES_AUDIENCE: what stands in `aud`, and where this API is."""
    client_id: str | None = None
    """NOTES_CLIENT_ID: the client that asks about API keys and opaque tokens."""
    client_secret: str | None = None
    """NOTES_CLIENT_SECRET: its secret."""
    admin_client_id: str | None = None
    """NOTES_ADMIN_CLIENT_ID: the service client that bans users; without it nobody can be banned from here."""
    admin_client_secret: str | None = None
    """NOTES_ADMIN_CLIENT_SECRET: its secret."""
    docs_client_id: str | None = None
    """NOTES_DOCS_CLIENT_ID: the public client that Swagger UI signs in as."""
    strict: bool = False
    """NOTES_STRICT=1: ask about JWTs too, so that a revoked one is dead at once."""
    remember: float = 5.0
    """NOTES_REMEMBER: for how many seconds a positive answer of introspection is remembered."""

    @classmethod
    def from_environment(cls) -> "Settings":
        """Reads the environment. Raises KeyError without an issuer or an audience."""
        return cls(
            issuer=os.environ["NOTES_ISSUER"],
            audience=os.environ["NOTES_AUDIENCE"],
            client_id=os.environ.get("NOTES_CLIENT_ID"),
            client_secret=os.environ.get("NOTES_CLIENT_SECRET"),
            admin_client_id=os.environ.get("NOTES_ADMIN_CLIENT_ID"),
            admin_client_secret=os.environ.get("NOTES_ADMIN_CLIENT_SECRET"),
            docs_client_id=os.environ.get("NOTES_DOCS_CLIENT_ID"),
            strict=os.environ.get("NOTES_STRICT") == "1",
            remember=float(os.environ.get("NOTES_REMEMBER", "5")),
        )
