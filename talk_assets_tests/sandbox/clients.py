"""How the sandbox's tests speak to an emulated system: httpx with the credentials that the sandbox takes."""

import itertools
from typing import Any

import httpx

from talk_assets.sandbox.serving import Serving

AUTH_CODE = "00000000-0000-4000-8000-77656263726d"
KEYS = itertools.count(1)


def login(serving: Serving) -> dict[str, Any]:
    answer = httpx.post(f"{serving.base_urls['webcrm']}/Auth/ApiLogin", data={"authCode": AUTH_CODE})
    found: dict[str, Any] = answer.json()
    return found


def webcrm(serving: Serving) -> httpx.Client:
    headers = {"Authorization": f"Bearer {login(serving)['AccessToken']}"}
    return httpx.Client(base_url=serving.base_urls["webcrm"], headers=headers)


def customerp(serving: Serving) -> httpx.Client:
    headers = {"Authorization": "Bearer sandbox-customerp"}
    return httpx.Client(base_url=f"{serving.base_urls['customerp']}/v1", headers=headers)


def poweroffice(serving: Serving, system: str = "poweroffice") -> httpx.Client:
    base = serving.base_urls[system]
    keys = ("sandbox-application", f"sandbox-{system.replace('_', '-')}")
    token = httpx.post(f"{base}/OAuth/Token", data={"grant_type": "client_credentials"}, auth=keys).json()
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token['access_token']}"})


def powerofficego(serving: Serving) -> httpx.Client:
    base, key = serving.base_urls["powerofficego"], {"Ocp-Apim-Subscription-Key": "sandbox-subscription"}
    form, who = {"grant_type": "client_credentials"}, ("sandbox-application", "sandbox-client")
    token = httpx.post(f"{base}/OAuth/Token", data=form, auth=who, headers=key).raise_for_status().json()
    return httpx.Client(base_url=base, headers={**key, "Authorization": f"Bearer {token['access_token']}"})


def crmoffice(serving: Serving) -> httpx.Client:
    base = serving.base_urls["crmoffice"]
    form = {"client_id": "sandbox-crmoffice", "client_secret": "sandbox-secret"}
    form |= {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
    token = httpx.post(f"{base}/connect/token", data=form).json()["access_token"]
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"})


def customwebshop(serving: Serving) -> httpx.Client:
    base = f"{serving.base_urls['customwebshop']}/wp-json/wc/v3"
    return httpx.Client(base_url=base, auth=("ck_sandbox", "cs_sandbox"))


def create(client: httpx.Client, resource: str, **sent: object) -> httpx.Response:
    return client.post(f"/{resource}", json=sent, headers={"Idempotency-Key": f"key-{next(KEYS)}"})


def patch(client: httpx.Client, path: str, match: str | None, **sent: object) -> httpx.Response:
    headers = {"Content-Type": "application/merge-patch+json"} | ({"If-Match": match} if match else {})
    return client.patch(path, json=sent, headers=headers)
