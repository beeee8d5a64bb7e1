"""Pages of OAuth: the consent page, the page for codes of devices, one's own applications, and connected ones."""

from pioche.oauth.pages import apps, connected, consent, device

routes = [*consent.routes, *device.routes, *apps.routes, *connected.routes]
