"""Base classes for data from outside: what the user configured, what a service answered."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """A part of the configuration; unknown keys fail."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Answer(BaseModel):
    """The part of a service's answer that we read; fields that we do not use are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class ServiceOptions(Options):
    """How one list service is reached; every service's `providers.<name>` starts from this."""

    base_url: str = Field(description="Address of the service; change it for a mirror or a test.")
    timeout_s: float = Field(
        default=30, gt=0, le=600, description="Seconds to wait for one answer."
    )
    user_agent: str | None = Field(
        default=None, description="Sent as User-Agent instead of listsync's own."
    )
    at_once: int = Field(
        default=4, ge=1, le=16, description="How many questions the service gets at a time."
    )
    pace_s: float = Field(
        default=0, ge=0, le=60, description="Seconds from one question to the next, at least."
    )
    list_timeout_s: float = Field(
        default=900,
        gt=0,
        le=86400,
        description="Seconds that reading one list may take, all its pages together.",
    )
    proxy: str | None = Field(
        default=None, description="Proxy for this service, e.g. http://proxy:3128."
    )


class PageOptions(ServiceOptions):
    """How a service is reached that may show its pages to a browser only."""

    browser: Literal["auto", "never"] = Field(
        default="auto",
        description="auto: what a bot wall keeps from us is asked for with Chromium.",
    )
