"""Signing people in at Cognito with user name, password and, where it is on, a second factor."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from oms.kernel.errors import Forbidden, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

_REFUSED = frozenset(
    {"NotAuthorizedException", "UserNotFoundException", "CodeMismatchException",
     "ExpiredCodeException", "InvalidPasswordException", "UserNotConfirmedException",
     "PasswordResetRequiredException"}
)  # fmt: skip
_ANSWERS = {
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One more thing that Cognito wants to know: `name` says which, `session` continues."""

    name: str
    session: str


class SignIn:
    """The user pool, as its own client sees it; needs no AWS permission."""

    def __init__(self, client: CognitoIdentityProviderClient, client_id: str) -> None:
        self._client = client
        self._client_id = client_id

    def begin(self, username: str, password: str) -> dict[str, Any] | Challenge:
        """The claims of the person, or the next challenge; raises `Forbidden` SIGN_IN_REFUSED."""
        parameters = {"USERNAME": username, "PASSWORD": password}
        return self._ask(
            lambda: self._client.initiate_auth(
                ClientId=self._client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
            )
        )

    def answer(self, username: str, challenge: Challenge, given: str) -> dict[str, Any] | Challenge:
        """Answer a challenge; as `begin`."""
        if challenge.name not in _ANSWERS:
            raise Forbidden("SIGN_IN_REFUSED", "this way to sign in is not supported")
        responses = {"USERNAME": username, _ANSWERS[challenge.name]: given}
        return self._ask(
            lambda: self._client.respond_to_auth_challenge(
                ClientId=self._client_id, ChallengeName=challenge.name,  # type: ignore[arg-type]
                Session=challenge.session, ChallengeResponses=responses,
            )
        )  # fmt: skip

    def _ask(self, call: Any) -> dict[str, Any] | Challenge:
        try:
            given = call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _REFUSED:
                raise Forbidden("SIGN_IN_REFUSED", "user name, password or code is wrong") from None
            raise Unavailable("UNAVAILABLE", "signing in is not possible at the moment") from error
        if "AuthenticationResult" not in given:
            return Challenge(given["ChallengeName"], given["Session"])
        return _claims(given["AuthenticationResult"]["IdToken"])


def _claims(token: str) -> dict[str, Any]:
    """Claims of an id token that came straight from Cognito; nobody else can have written it."""
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims
