"""Communication, payment, commerce, CRM, productivity, social, crypto and other services."""

from __future__ import annotations

from keyturn.scan.pattern import (
    ALNUM,
    HEX,
    LOWER,
    NAME,
    STRUCTURE,
    UPPER,
    UUID,
    Pattern,
    context,
    fixed,
    mixed,
    run,
    several,
)

_HEXES = "a-fA-F0-9"
_BASE64 = "A-Za-z0-9+/="


_ABLY = "ably.com, docs, auth, API keys"
_ABUSEIPDB = "docs.abuseipdb.com, API keys"
_ACCUWEATHER = "developer.accuweather.com, API keys"
_ADAFRUIT = "io.adafruit.com, api docs, authentication"
_ADOBE = "developer.adobe.com, user authentication, client secret"
_ADYEN = "docs.adyen.com, API credentials"
_AFTERSHIP = "aftership.com, docs, API keys"
_AGORA = "docs.agora.io, app certificate"
_ALCHEMY = "alchemy.com, docs, API keys"
_ALGOLIA = "algolia.com, docs, API keys"
_ALPHAVANTAGE = "alphavantage.co, documentation, apikey"
_AMAZON = "developer-docs.amazon.com, selling partner API, LWA credentials"
_ANKR = "ankr.com, docs, premium endpoints"
_APILAYER = "apilayer.com, documentation, access key"
_APOLLO = "docs.apollo.io, create API keys"
_ASAAS = "docs.asaas.com, authentication"
_ASANA = "developers.asana.com, personal access token"
_BAMBOO = "documentation.bamboohr.com, getting started, authentication"
_BEAMER = "getbeamer.com, docs, API key"
_BIGCOMMERCE = "developer.bigcommerce.com, authentication, X-Auth-Token"
_BINANCE = "developers.binance.com, general info, signed endpoints"
_BITFINEX = "docs.bitfinex.com, authenticated endpoints"
_BITLY = "dev.bitly.com, authentication"
_BLUESKY = "github.com/bluesky-social/atproto, account-manager/helpers/password.ts, 2026-11"
_BOX = "developer.box.com, OAuth 2.0, client secret"
_BRAINTREE = "developer.paypal.com, braintree, gateway credentials"
_BRAZE = "braze.com, docs, REST API key"
_BREVO = "developers.brevo.com, getting started"
_BYBIT = "bybit-exchange.github.io, v5 docs, authentication"
_CAL = "cal.com, docs, API v2, authentication"
_CANVA = "canva.dev, connect API, client secret"
_CASHFREE = "cashfree.com, docs, API keys"
_CENSYS = "docs.censys.com, API credentials"
_CHARGEBEE = "apidocs.chargebee.com, authentication"
_CHECKOUT = "checkout.com, docs, API keys"
_CLEARBIT = "clearbit.com, docs, authentication"
_CLERK = "github.com/clerk/javascript, packages/shared/src/keys.ts, 2026-11"
_CLICKUP = "clickup.com, api, authentication"
_CLOCKIFY = "docs.clockify.me, authentication"
_CLOSE = "developer.close.com, authentication"
_CLOUDINARY = "cloudinary.com, documentation, API environment variable"
_CODA = "coda.io, developers, API token"
_COINBASE = "docs.cdp.coinbase.com, API key authentication"
_CONTENTFUL = "contentful.com, developers docs, authentication"
_COURIER = "courier.com, docs, authorization"
_COVALENT = "goldrush.dev, docs, API keys"
_CROWDSTRIKE = "falcon.crowdstrike.com, documentation, OAuth2 API clients"
_CUSTOMERIO = "customer.io, docs, API credentials"
_DAILY = "docs.daily.co, REST API authentication"
_DINGTALK = "open.dingtalk.com, custom robot access"
_DISCORD = "docs.discord.com, reference, authentication"
_DISCORD_HOOK = "github.com/discord/discord-api-docs, docs/resources/Webhook.md, 2026-11"
_DROPBOX = "developers.dropbox.com, OAuth guide"
_DUFFEL = "duffel.com, docs, making requests"
_DUO = "duo.com, docs, admin API, first steps"
_EASYPOST = "docs.easypost.com, authentication"
_EBAY = "developer.ebay.com, OAuth credentials"
_ETHEREUM = "ethereum.org, developers docs, accounts"
_ETHERSCAN = "docs.etherscan.io, API key"
_ETSY = "developers.etsy.com, authentication"
_FEISHU = "open.larksuite.com, custom bot guide"
_FIGMA = "developers.figma.com, personal access tokens"
_FINNHUB = "finnhub.io, docs, authentication"
_FITBIT = "dev.fitbit.com, application design"
_FLICKR = "flickr.com, services API, auth"
_FLUTTERWAVE = "developer.flutterwave.com/docs/authentication, 2026-11"
_FOURSQUARE = "docs.foursquare.com, manage API keys"
_FRAMEIO = "developer.frame.io, tokens"
_FRESHWORKS = "developers.freshdesk.com, api, authentication"
_GENIUS = "docs.genius.com, access for apps"
_GHOST = "github.com/TryGhost/Ghost, ghost/security/lib/secret.js, 2026-11"
_GIPHY = "developers.giphy.com, docs, API keys"
_GOCARDLESS = "developer.gocardless.com, access tokens"
_GOOGLE_CHAT = "developers.google.com, workspace chat, webhooks"
_GREENHOUSE = "developers.greenhouse.io, harvest, authentication"
_GUMROAD = "gumroad.com, api, authentication"
_HARVEST = "help.getharvest.com, API v2, authentication"
_HERE = "here.com, docs, identity, API keys"
_HIBP = "haveibeenpwned.com, API v3, authorisation"
_HUBSPOT = "developers.hubspot.com, private apps"
_HUNTER = "hunter.io, api-documentation"
_IFTTT = "ifttt.com, maker webhooks, documentation"
_INFOBIP = "infobip.com, docs, API authentication"
_INFURA = "docs.metamask.io, services, API key"
_INSTAGRAM = "developers.facebook.com, instagram platform, access tokens"
_INTERCOM = "developers.intercom.com, authentication"
_INTRA42 = "api.intra.42.fr, apidoc, getting started"
_IPINFO = "ipinfo.io, developers, authentication"
_ITERABLE = "support.iterable.com, API keys"
_JOTFORM = "api.jotform.com, docs, authentication"
_KAGI = "help.kagi.com, API, quick start"
_KEYCLOAK = "keycloak.org, server administration, confidential client credentials"
_KLAVIYO = "developers.klaviyo.com, authenticate"
_KRAKEN = "docs.kraken.com, API authentication"
_KUCOIN = "kucoin.com, docs, authentication"
_LASTFM = "last.fm, api, authentication"
_LICHESS = "lichess.org, api, authentication"
_LINE = "developers.line.biz, channel access token"
_LINEAR = "linear.app, developers, authentication"
_LINKEDIN = "learn.microsoft.com, LinkedIn, OAuth"
_LIVEKIT = "docs.livekit.io, authentication"
_LOB = "docs.lob.com, authentication"
_MAILCHIMP = "mailchimp.com, developer, marketing API"
_MAILERSEND = "developers.mailersend.com, authentication"
_MAILGUN = "documentation.mailgun.com, authentication"
_MAILJET = "dev.mailjet.com, getting started, authentication"
_MAKE = "help.make.com, webhooks"
_MANDRILL = "mailchimp.com, developer, transactional"
_MATRIX = "github.com/element-hq/synapse, synapse/handlers/auth.py, 2026-11"
_MATTERMOST = "developers.mattermost.com, personal access tokens"
_MAXMIND = "dev.maxmind.com, license key authentication"
_MERCADOPAGO = "mercadopago.com, developers, credentials"
_MERCURY = "docs.mercury.com, API tokens"
_MESSAGEBIRD = "developers.messagebird.com, authentication"
_META = "developers.facebook.com, facebook login, access tokens"
_MIDTRANS = "docs.midtrans.com, API authorization"
_MIRO = "developers.miro.com, access tokens"
_MOLLIE = "docs.mollie.com, authentication"
_MORALIS = "docs.moralis.com, API key"
_MUX = "mux.com, docs, access tokens"
_N8N = "github.com/n8n-io/n8n, public-api-key.service.ts, 2026-11"
_NEWSAPI = "newsapi.org, docs, authentication"
_NOTION = "developers.notion.com, authorization"
_NYLAS = "developer.nylas.com, API keys"
_NYTIMES = "developer.nytimes.com, get started"
_OMISE = "docs.omise.co, api-authentication"
_ONESIGNAL = "documentation.onesignal.com, keys and ids"
_ONFIDO = "documentation.onfido.com, API tokens"
_OPENWEATHER = "openweathermap.org, appid"
_PADDLE = "developer.paddle.com/api-reference/about/authentication, 2026-11"
_PADDLE_HOOK = "developer.paddle.com, webhooks, notification settings"
_PAYPAL = "developer.paypal.com, api, rest, authentication"
_PAYSTACK = "paystack.com, docs, API authentication"
_PERSONA = "docs.withpersona.com, API keys"
_PEXELS = "pexels.com, api, documentation"
_PINTEREST = "developers.pinterest.com, docs, authentication"
_PIPEDRIVE = "pipedrive.readme.io, core API concepts, authentication"
_PIXABAY = "pixabay.com, api, docs"
_PLAID = "plaid.com/docs/quickstart/glossary, tokens, 2026-11"
_PLAID_CLIENT = "plaid.com, docs, client id and secret"
_PLIVO = "plivo.com, docs, authentication"
_POLAR = "github.com/polarsource/polar, server/polar/kit/crypto.py, 2026-11"
_POLYGON = "polygon.io, docs, quickstart"
_POSTMARK = "postmarkapp.com, developer, API overview"
_POWER = "learn.microsoft.com, logic apps, callable endpoints"
_PRISMIC = "prismic.io, docs, access token"
_PUBNUB = "pubnub.com, docs, secret key"
_PUSHER = "pusher.com, docs, channels, app keys"
_PUSHOVER = "pushover.net, api"
_QUICKNODE = "quicknode.com, docs, endpoint security"
_RAMP = "docs.ramp.com, developer API, authorization"
_RAPID7 = "docs.rapid7.com, insight platform API keys"
_RAPIDAPI = "docs.rapidapi.com, keys"
_RAZORPAY = "razorpay.com, docs, API keys"
_RECURLY = "recurly.com, developers, API keys"
_REDDIT = "github.com/reddit-archive/reddit, wiki, OAuth2"
_RESEND = "resend.com, docs, API keys"
_SALESFORCE = "help.salesforce.com, session ids and OAuth tokens"
_SAMSARA = "developers.samsara.com, authentication"
_SANITY = "sanity.io, docs, API tokens"
_SCALINGO = "developers.scalingo.com, authentication"
_SECURITYTRAILS = "securitytrails.com, API overview"
_SENDBIRD = "sendbird.com, docs, API token"
_SENDGRID = "github.com/sendgrid/sendgrid-python, helpers/mail/validators.py, 2026-11"
_SENTINELONE = "sentinelone.com, API token documentation"
_SETTLEMINT = "console.settlemint.com, documentation, access tokens"
_SHIPPO = "docs.goshippo.com, authentication"
_SHODAN = "developer.shodan.io, api"
_SHOPIFY = "shopify.dev, changelog, prefixes of API credentials"
_SHOPIFY_APP = "shopify.dev/changelog/app-secret-key-length-has-increased, 2026-11"
_SIDEKIQ = "github.com/sidekiq/sidekiq, wiki, commercial access"
_SLACK = "docs.slack.dev, authentication, tokens"
_SLACK_BOT = "api.slack.com/concepts/token-types, 2026-11"
_SLACK_HOOK = "docs.slack.dev, messaging, incoming webhooks"
_SLACK_LEGACY = "published slack legacy and session tokens"
_SLACK_USER = "api.slack.com/methods/oauth.v2.exchange, 2026-11"
_SMARTSHEET = "smartsheet.redoc.ly, authentication"
_SOUNDCLOUD = "developers.soundcloud.com, docs, authentication"
_SPARKPOST = "developers.sparkpost.com, api, authentication"
_SPOTIFY = "developer.spotify.com, documentation, apps"
_SQUARE = "developer.squareup.com, access tokens and application secrets"
_SQUARE_ACCESS = "developer.squareup.com/forums/t/1655, length of access tokens, 2026-11"
_SQUARESPACE = "developers.squarespace.com, commerce APIs, authentication"
_STORYBLOK = "storyblok.com, docs, access tokens"
_STRAVA = "developers.strava.com, docs, authentication"
_STREAM = "getstream.io, docs, tokens and authentication"
_STRIPE = "stripe.com/docs/keys; github.com/stripe/stripe-cli, pkg/validators, 2026-11"
_STRIPE_HOOK = "docs.stripe.com, webhooks, signatures"
_STYTCH = "stytch.com, docs, api, authentication"
_TATUM = "docs.tatum.io, authentication"
_TEAMS = "learn.microsoft.com, teams, incoming webhook"
_TEAMWORK = "apidocs.teamwork.com, authentication"
_TELEGRAM = "core.telegram.org/bots/tutorial, 2026-11"
_TELNYX = "developers.telnyx.com, authentication"
_TENABLE = "developer.tenable.com, authorization"
_TIKTOK = "developers.tiktok.com, access token management"
_TMDB = "developer.themoviedb.org, docs, authentication"
_TODOIST = "developer.todoist.com, api, authorization"
_TOGGL = "engineering.toggl.com, docs, authentication"
_TOMTOM = "developer.tomtom.com, API key"
_TRELLO = "developer.atlassian.com, cloud trello, authorization"
_TUMBLR = "tumblr.com, docs, API v2, authentication"
_TWILIO = "twilio.com, docs, iam, API keys and auth tokens"
_TWILIO_SID = "twilio.com/docs/glossary/what-is-a-sid, 2026-11"
_TWITCH = "dev.twitch.tv, docs, authentication"
_TWITTER = "docs.x.com, authentication"
_TYPEFORM = "typeform.com, developers, personal access tokens"
_UNKEY = "unkey.com, docs, root keys"
_UNSPLASH = "unsplash.com, documentation, authorization"
_UPLOADCARE = "uploadcare.com, docs, API keys"
_VIMEO = "developer.vimeo.com, api, authentication"
_VIRUSTOTAL = "docs.virustotal.com, authentication"
_VONAGE = "developer.vonage.com, authentication"
_WEATHERAPI = "weatherapi.com, docs, authentication"
_WEBEX = "developer.webex.com, bots"
_WEBFLOW = "developers.webflow.com, data, site token"
_WECOM = "developer.work.weixin.qq.com, group robot"
_WISE = "docs.wise.com, api-docs, personal tokens"
_WISTIA = "docs.wistia.com, API tokens"
_WIZ = "docs.wiz.io, service accounts"
_WOOCOMMERCE = "woocommerce.github.io, REST API, authentication"
_WORDPRESS = "github.com/WordPress/WordPress, class-wp-application-passwords.php, 2026-11"
_WORKATO = "docs.workato.com, API clients"
_XENDIT = "docs.xendit.co, API keys"
_YELP = "docs.developer.yelp.com, authentication"
_ZAPIER = "help.zapier.com, webhooks"
_ZENDESK = "developer.zendesk.com, security and auth"
_ZOHO = "zoho.com, accounts, OAuth protocol"
_ZOOM = "developers.zoom.us, docs, server-to-server OAuth"
_ZULIP = "zulip.com, api, API keys"

ROWS: tuple[Pattern, ...] = (
    context(
        "ably-api-key",
        "ably_ ably.io ably.com ablyrealtime ably.rest ably-api ably-key",
        "[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{6}(?::|%3A)" + run(NAME, 43),
        _ABLY,
    ),
    context("abuseipdb-api-key", "abuseipdb", run(HEX, 80), _ABUSEIPDB),
    context("accuweather-api-key", "accuweather", mixed(ALNUM, 32), _ACCUWEATHER),
    fixed("adafruit-io-key", "aio_", mixed(ALNUM, 28), _ADAFRUIT),
    fixed("adobe-client-secret", "p8e-", run(NAME, 32), _ADOBE),
    # Three parts; the third may hold any character, quotes too, so the first two must do.
    several(
        "adyen-api-key",
        "AQE",
        "(AQE[A-Za-z0-9+/]{20,200}={0,2}-[A-Za-z0-9+/]{20,64}={0,2})-[!-~]{8}",
        _ADYEN,
        STRUCTURE,
    ),
    fixed("aftership-api-key", "asat_", run(HEX, 32), _AFTERSHIP),
    context("agora-app-certificate", "agora", run(HEX, 32), _AGORA),
    context(
        "alchemy-api-key",
        "alchemy_api alchemy_key alchemy_token alchemyapi alchemy.com alchemy-api",
        mixed(NAME, 32),
        _ALCHEMY,
    ),
    several("alchemy-url", "g.alchemy.com/v2/", "g\\.alchemy\\.com/v2/" + run(NAME, 32), _ALCHEMY),
    # Their front ends hold search keys of the same shape, which are public: `algolia:` is no name.
    context(
        "algolia-admin-key",
        "algolia_ algolia-admin algolia.net algolianet algoliaadmin algoliaapi",
        run(HEX, 32),
        _ALGOLIA,
    ),
    context(
        "alphavantage-api-key",
        "alphavantage alpha_vantage alpha-vantage",
        mixed(UPPER, 16),
        _ALPHAVANTAGE,
    ),
    fixed("amazon-lwa-client-secret", "amzn1.oa2-cs.v1.", run(HEX, 64), _AMAZON),
    several(
        "amazon-lwa-token",
        "Atzr| Atza| Atzr%7C Atza%7C",
        "Atz[ra](?:\\||%7C)" + run("A-Za-z0-9_+/=-", 60, 1200),
        _AMAZON,
    ),
    several(
        "ankr-url", "rpc.ankr.com/", "rpc\\.ankr\\.com/[a-z0-9_/]{2,40}/" + run(HEX, 64), _ANKR
    ),
    context(
        "apilayer-access-key",
        "apilayer ipstack currencylayer fixer.io fixer_ weatherstack aviationstack ipapi.com",
        mixed(LOWER, 32),
        _APILAYER,
    ),
    context(
        "apollo-io-api-key", "apollo.io apollo_io apollo_api apollo-io", mixed(NAME, 22), _APOLLO
    ),
    several(
        "asaas-api-key",
        "$aact_ %24aact_",
        "(?:\\$|%24)aact_(?:prod|hmlg)_" + run(NAME, 20, 255),
        _ASAAS,
    ),
    context(
        "asana-access-token",
        "asana",
        "[0-9]/[0-9]{12,20}(?:/[0-9]{12,20})?(?::|%3A)" + run(HEX, 32),
        _ASANA,
    ),
    context("asana-client-secret", "asana", run(HEX, 32), _ASANA),
    context("bamboohr-api-key", "bamboohr bamboo_hr", run(HEX, 40), _BAMBOO),
    context("beamer-api-key", "beamer", "b_" + run("A-Za-z0-9_/+-", 44), _BEAMER),
    context("bigcommerce-access-token", "bigcommerce", mixed(LOWER, 31), _BIGCOMMERCE),
    context("binance-api-secret", "binance", mixed(ALNUM, 64), _BINANCE),
    context("bitfinex-api-secret", "bitfinex", mixed(ALNUM, 43), _BITFINEX),
    context("bitly-access-token", "bitly bit.ly", run(HEX, 40), _BITLY),
    context(
        "bluesky-app-password", "bsky bluesky", "(?:[a-z2-7]{4}-){3}" + run("a-z2-7-", 4), _BLUESKY
    ),
    context(
        "box-client-secret",
        "box_client box_secret box_developer box_token box_app boxsdk api.box.com "
        "boxappsettings box-client box-secret",
        mixed(ALNUM, 32),
        _BOX,
    ),
    several(
        "braintree-access-token",
        "access_token$production$ access_token$sandbox$",
        "access_token\\$(?:production|sandbox)\\$[a-z0-9]{16}\\$" + run(HEX, 32),
        _BRAINTREE,
    ),
    context("braintree-private-key", "braintree", run(HEX, 32), _BRAINTREE),
    context("braze-api-key", "braze", UUID, _BRAZE),
    fixed("brevo-api-key", "xkeysib-", "[a-f0-9]{64}-" + run(ALNUM, 16), _BREVO),
    fixed("brevo-smtp-key", "xsmtpsib-", "[a-f0-9]{64}-" + run(ALNUM, 16), _BREVO),
    context("bybit-api-secret", "bybit", mixed(ALNUM, 36), _BYBIT),
    fixed("cal-com-api-key", "cal_live_", run(HEX, 32), _CAL),
    fixed("canva-client-secret", "cnvca", run(NAME, 51), _CANVA),
    fixed(
        "cashfree-secret-key", "cfsk_ma_", "(?:prod|test)_[a-f0-9]{32}_" + run(HEX, 8), _CASHFREE
    ),
    context("censys-api-secret", "censys", mixed(ALNUM, 32), _CENSYS),
    context(
        "chargebee-api-key", "chargebee", "(?:live|test)_(?:cu)?" + mixed(ALNUM, 30, 50), _CHARGEBEE
    ),
    fixed("checkout-com-sandbox-key", "sk_sbox_", "[a-z2-7]{26,27}(?![A-Za-z0-9_])", _CHECKOUT),
    context(
        "checkout-com-secret-key",
        "checkout.com checkout_secret checkout_api checkout_key cko_ checkoutsdk "
        "checkout-com checkout-secret",
        f"sk_(?:(?:test_)?{UUID}|[a-z2-7]{{26}}(?:[a-z2-7*#$=]|(?![A-Za-z0-9_])))",
        _CHECKOUT,
    ),
    context("clearbit-api-key", "clearbit", "sk_" + run(HEX, 32), _CLEARBIT),
    # Forty hexadecimal digits are Paystack's; twenty-four characters, or a hundred, Stripe's.
    several(
        "clerk-secret-key",
        "sk_live_ sk_test_",
        "sk_(?:live|test)_(?![a-f0-9]{40}(?![A-Za-z0-9]))" + run(ALNUM, 37, 50),
        _CLERK,
        STRUCTURE,
    ),
    context("clickup-api-token", "clickup", "pk_[0-9]{5,12}_" + run(UPPER, 32), _CLICKUP),
    context("clockify-api-key", "clockify", run(_BASE64, 48), _CLOCKIFY),
    context(
        "close-api-key",
        "close_api close.com closeio close_key closecrm close-api",
        "api_[A-Za-z0-9]{18,26}\\." + run(ALNUM, 18, 26),
        _CLOSE,
    ),
    context("cloudinary-api-secret", "cloudinary", mixed(NAME, 27), _CLOUDINARY),
    fixed(
        "cloudinary-url",
        "cloudinary://",
        "[0-9]{12,18}:([A-Za-z0-9_-]{20,40})@[a-z0-9]",
        _CLOUDINARY,
    ),
    context("coda-api-token", "coda.io coda_api coda_token coda-api", UUID, _CODA),
    context("coinbase-api-secret", "coinbase", mixed(ALNUM, 32), _COINBASE),
    context(
        "coinbase-private-key",
        "coinbase cdp_",
        "(?<![A-Za-z0-9+/]{3})(?:[A-Za-z0-9+/]|%2[BF]){86}(?:==|%3D%3D)",
        _COINBASE,
    ),
    context("contentful-delivery-token", "contentful", mixed(NAME, 43), _CONTENTFUL),
    fixed("contentful-management-token", "CFPAT-", run(NAME, 43), _CONTENTFUL),
    fixed("courier-auth-token", "pk_prod_", run(UPPER, 28), _COURIER),
    several("covalent-api-key", "cqt_rQ cqt_wF", "cqt_(?:rQ|wF)" + run(ALNUM, 26), _COVALENT),
    context(
        "crowdstrike-client-secret",
        "crowdstrike falcon_client falcon_secret",
        mixed(ALNUM, 40),
        _CROWDSTRIKE,
    ),
    context("customerio-api-key", "customer.io customerio customer_io", run(HEX, 32), _CUSTOMERIO),
    context(
        "customerio-track-key", "customer.io customerio customer_io", run(HEX, 20), _CUSTOMERIO
    ),
    context("daily-api-key", "daily.co daily_api daily-api", run(HEX, 64), _DAILY),
    several(
        "dingtalk-webhook",
        "oapi.dingtalk.com/robot/send",
        "oapi\\.dingtalk\\.com/robot/send\\?access_token=" + run(HEX, 64),
        _DINGTALK,
    ),
    # The first part is an id in base64, the second one a time.
    context(
        "discord-bot-token",
        "discord",
        "[MNO][A-Za-z0-9_-]{22,27}\\.[A-Za-z0-9_-]{6}\\." + run(NAME, 27, 40),
        _DISCORD,
    ),
    context("discord-client-secret", "discord", mixed(NAME, 32), _DISCORD),
    fixed("discord-mfa-token", "mfa.", run(NAME, 84), _DISCORD),
    several(
        "discord-webhook",
        "discord.com/api/ discordapp.com/api/",
        "discord(?:app)?\\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{17,20}/" + run(NAME, 60, 110),
        _DISCORD_HOOK,
    ),
    several(
        "dropbox-access-token",
        "sl.A sl.B sl.C sl.u.",
        "sl\\." + run("A-Za-z0-9_.-", 100, 1400),
        _DROPBOX,
    ),
    context("dropbox-app-secret", "dropbox", mixed(LOWER, 15), _DROPBOX),
    # Ten times A in the middle looks like a placeholder: what stands before says enough.
    context(
        "dropbox-long-lived-token", "dropbox", "([A-Za-z0-9_-]{11})A{10}" + run(NAME, 43), _DROPBOX
    ),
    several(
        "duffel-access-token",
        "duffel_live_ duffel_test_",
        "duffel_(?:live|test)_" + run(NAME, 43),
        _DUFFEL,
    ),
    context(
        "duo-secret-key",
        "duosecurity duo_skey duo_secret duo_api duo_auth duo-secret",
        mixed(ALNUM, 40),
        _DUO,
    ),
    several("easypost-api-key", "EZAK EZTK", "EZ[AT]K" + run(ALNUM, 54), _EASYPOST),
    several(
        "ebay-cert-id",
        "PRD- SBX-",
        "(?:PRD|SBX)-[a-f0-9]{12}-(?:[a-f0-9]{4}-){3}" + run(HEX, 4),
        _EBAY,
        STRUCTURE,
    ),
    several(
        "ebay-refresh-token",
        "v^1.1#",
        "v\\^1\\.1#[A-Za-z0-9#^]{6,60}#t\\^" + run(_BASE64, 60, 500),
        _EBAY,
    ),
    # Without the keys that development networks hand out to everybody.
    context(
        "ethereum-private-key",
        "ethereum web3 hardhat ethers infura alchemy.com alchemy_api etherscan ganache metamask",
        "(?i:priv(?:ate)?[_-]?key|secret|token|bearer|password)[^\\n0-9]{0,24}?((?:0x)?(?!ac0974be|59c6995e|5de4111a|7c852118|"
        "47e179ec|8b3a350c|92db14e4|4bbbf85c|dbda1821|2a871d07|4f3edf98)" + run(_HEXES, 64) + ")",
        _ETHEREUM,
    ),
    context(
        "etherscan-api-key", "etherscan bscscan polygonscan arbiscan", mixed(UPPER, 34), _ETHERSCAN
    ),
    context("etsy-keystring", "etsy_ etsy.com openapi.etsy etsy-", mixed(LOWER, 24), _ETSY),
    several(
        "facebook-access-token",
        "EAA",
        "EAA[A-Za-z0-9]{80,500}(?![A-Za-z0-9+/_-])",
        _META,
    ),
    context("facebook-app-secret", "facebook fb_app fb_secret fb_client", run(HEX, 32), _META),
    context(
        "facebook-app-token", "facebook fb_app", "[0-9]{15,16}(?:\\||%7C)" + run(NAME, 27), _META
    ),
    several(
        "feishu-webhook",
        "open.feishu.cn/open-apis/bot/ open.larksuite.com/open-apis/bot/",
        "open\\.(?:feishu\\.cn|larksuite\\.com)/open-apis/bot/v2/hook/" + UUID,
        _FEISHU,
    ),
    several("figma-access-token", "figd_ figu_", "fig[du]_" + run(NAME, 38, 60), _FIGMA),
    context("figma-legacy-token", "figma", "[0-9]{4,8}-" + UUID, _FIGMA),
    context("finnhub-api-key", "finnhub", mixed(LOWER, 20, 40), _FINNHUB),
    context("fitbit-client-secret", "fitbit", run(HEX, 32), _FITBIT),
    context("flickr-api-secret", "flickr", run(HEX, 16), _FLICKR),
    several(
        "flutterwave-secret-key",
        "FLWSECK- FLWSECK_TEST-",
        "FLWSECK(?:_TEST)?-[a-f0-9]{32}(?:-[a-z0-9]{10,16})?-X(?![A-Za-z0-9])",
        _FLUTTERWAVE,
    ),
    several("foursquare-api-key", "fsq3", "fsq3" + run(_BASE64, 40, 60), _FOURSQUARE),
    fixed("frameio-api-token", "fio-u-", run(NAME, 64), _FRAMEIO),
    context(
        "freshworks-api-key",
        "freshdesk freshservice freshsales freshchat",
        mixed(ALNUM, 19, 22),
        _FRESHWORKS,
    ),
    context(
        "genius-access-token",
        "genius_ api.genius.com lyricsgenius genius-",
        mixed(NAME, 64),
        _GENIUS,
    ),
    context(
        "ghost-admin-key",
        "ghost_ ghost.io ghost-admin ghost.org",
        "[a-f0-9]{24}(?::|%3A)" + run(HEX, 64),
        _GHOST,
    ),
    context("giphy-api-key", "giphy", mixed(ALNUM, 32), _GIPHY),
    context(
        "gocardless-access-token",
        "gocardless",
        "(?:live|sandbox)_" + run(NAME, 40),
        _GOCARDLESS,
    ),
    several(
        "google-chat-webhook",
        "chat.googleapis.com/v1/spaces/",
        "chat\\.googleapis\\.com/v1/spaces/[A-Za-z0-9_-]{5,20}/messages\\?key=[A-Za-z0-9_-]{30,45}"
        "(?:&|&amp;|\\\\u0026)token=" + run("A-Za-z0-9_%-", 40, 60),
        _GOOGLE_CHAT,
    ),
    context("greenhouse-api-key", "greenhouse", "[a-f0-9]{32}-[0-9](?![A-Za-z0-9])", _GREENHOUSE),
    context("gumroad-access-token", "gumroad", mixed(NAME, 43), _GUMROAD),
    context("harvest-access-token", "harvest", "[0-9]{4,9}\\.pt\\." + run(NAME, 60, 110), _HARVEST),
    context("here-api-key", "hereapi here_api here.com heremaps here-api", mixed(NAME, 43), _HERE),
    context("hibp-api-key", "haveibeenpwned hibp", run(HEX, 32), _HIBP),
    context("hubspot-api-key", "hubspot hapikey hubapi", UUID, _HUBSPOT),
    several(
        "hubspot-private-app-token",
        "pat-na pat-eu pat-ap",
        "pat-(?:na|eu|ap)[0-9]-" + UUID,
        _HUBSPOT,
    ),
    context("hunter-api-key", "hunter.io hunter_io hunter_api hunter-api", run(HEX, 40), _HUNTER),
    several(
        "ifttt-webhook",
        "maker.ifttt.com/trigger/",
        "maker\\.ifttt\\.com/trigger/[A-Za-z0-9_-]{1,80}/(?:json/)?with/key/" + run(NAME, 20, 60),
        _IFTTT,
    ),
    context("infobip-api-key", "infobip", "[a-f0-9]{32}-" + UUID, _INFOBIP),
    context("infura-api-secret", "infura", mixed(LOWER, 32), _INFURA),
    several("infura-url", "infura.io/", "infura\\.io/(?:ws/)?v3/" + run(HEX, 32), _INFURA),
    several(
        "instagram-access-token",
        "IGQV IGQW IGAA",
        "IG(?:QV|QW|AA)[A-Za-z0-9_-]{80,400}(?![A-Za-z0-9+/_-])",
        _INSTAGRAM,
    ),
    # The base64 of `tok:`, a UUID written with underscores, and a version.
    fixed("intercom-access-token", "dG9rO", run(_BASE64, 50, 80), _INTERCOM),
    several(
        "intra42-client-secret", "s-s4t2ud- s-s4t2af-", "s-s4t2(?:ud|af)-" + run(HEX, 64), _INTRA42
    ),
    context("ipinfo-token", "ipinfo", run(HEX, 14), _IPINFO),
    context(
        "iterable-api-key",
        "iterable.com iterable_api iterable_key iterableapi iterable-api",
        run(HEX, 32),
        _ITERABLE,
    ),
    context("jotform-api-key", "jotform", run(HEX, 32), _JOTFORM),
    context("kagi-api-key", "kagi", "[A-Za-z0-9_-]{11}\\." + run(NAME, 43), _KAGI),
    context("keycloak-client-secret", "keycloak", f"(?:{UUID}|{mixed(ALNUM, 32)})", _KEYCLOAK),
    context("klaviyo-private-key", "klaviyo", "pk_" + run(HEX, 34), _KLAVIYO),
    context(
        "kraken-private-key",
        "kraken",
        "(?<![A-Za-z0-9+/]{3})(?:[A-Za-z0-9+/]|%2[BF]){86}(?:==|%3D%3D)",
        _KRAKEN,
    ),
    context("kucoin-api-secret", "kucoin", UUID, _KUCOIN),
    context(
        "lark-app-secret", "feishu larksuite lark_ lark-oapi lark-app", mixed(ALNUM, 32), _FEISHU
    ),
    context("lastfm-api-key", "last.fm lastfm", run(HEX, 32), _LASTFM),
    fixed("lichess-access-token", "lip_", mixed(ALNUM, 16, 60), _LICHESS),
    context(
        "line-channel-token",
        "line_channel linebot line-bot line_bot api.line.me line-channel",
        "(?<![A-Za-z0-9+/]{3})[A-Za-z0-9+/]{150,200}={0,2}(?![A-Za-z0-9+/])",
        _LINE,
    ),
    fixed("linear-api-key", "lin_api_", run(ALNUM, 40, 64), _LINEAR),
    several(
        "linear-oauth-token",
        "lin_oauth_ lin_refresh_",
        "lin_(?:oauth|refresh)_" + run(ALNUM, 40, 128),
        _LINEAR,
    ),
    fixed("linear-webhook-secret", "lin_wh_", run(ALNUM, 32, 64), _LINEAR),
    context(
        "linkedin-access-token", "linkedin", "AQ[A-Za-z0-9_-]{150,600}(?![A-Za-z0-9_-])", _LINKEDIN
    ),
    several(
        "linkedin-client-secret",
        "WPL_AP",
        "WPL_AP[0-9]\\.[A-Za-z0-9]{16}\\.(?:[A-Za-z0-9+/]|%2[BF]){6}(?:==|%3D%3D)",
        _LINKEDIN,
    ),
    context("linkedin-legacy-client-secret", "linkedin", mixed(ALNUM, 16), _LINKEDIN),
    context("livekit-api-secret", "livekit", mixed(ALNUM, 40, 52), _LIVEKIT),
    context(
        "lob-api-key",
        "lob.com lob_api lob_key lob_secret lob_live lob_test lob-api",
        "(?:live|test)_" + run(HEX, 35),
        _LOB,
    ),
    several(
        "mailchimp-api-key",
        "-us1 -us2 -us3 -us4 -us5 -us6 -us7 -us8 -us9",
        "[a-f0-9]{32}-us[0-9]{1,2}(?![A-Za-z0-9])",
        _MAILCHIMP,
        STRUCTURE,
        lead=32,
    ),
    fixed("mailersend-api-token", "mlsn.", run(ALNUM, 60, 100), _MAILERSEND),
    context(
        "mailgun-api-key",
        "mailgun",
        "(?:key-)?[a-f0-9]{32}(?:-[a-f0-9]{8}-[a-f0-9]{8})?(?![A-Za-z0-9-])",
        _MAILGUN,
    ),
    context("mailjet-api-key", "mailjet mj_apikey", run(HEX, 32), _MAILJET),
    several(
        "make-webhook",
        "hook.eu hook.us hook.make hook.integromat",
        "hook\\.(?:[a-z]{2}[0-9]\\.)?(?:make\\.(?:com|celonis\\.com)|integromat\\.com)/"
        + run(LOWER, 28, 40),
        _MAKE,
    ),
    context("mandrill-api-key", "mandrill", f"(?:md-{run(NAME, 22)}|{mixed(NAME, 22)})", _MANDRILL),
    # Ends with the CRC-32 of what stands before its last underscore.
    several(
        "matrix-access-token",
        "syt_ syr_",
        "sy[tr]_[A-Za-z0-9+/=]{1,100}_[A-Za-z]{20}_" + run(ALNUM, 6),
        _MATRIX,
    ),
    context("mattermost-access-token", "mattermost", mixed(LOWER, 26), _MATTERMOST),
    several(
        "maxmind-license-key",
        "_mmk",
        "[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?![A-Za-z0-9])",
        _MAXMIND,
        STRUCTURE,
        lead=36,
    ),
    fixed(
        "mercadopago-access-token",
        "APP_USR-",
        "[0-9]{12,20}-[0-9]{6}-[a-f0-9]{32}-" + run("0-9", 6, 12),
        _MERCADOPAGO,
    ),
    several(
        "mercury-api-token",
        "mercury_production_ mercury_sandbox_",
        "mercury_(?:production|sandbox)_[a-z]{2,8}_[A-Za-z0-9]{40,60}_yrucrem",
        _MERCURY,
    ),
    context("messagebird-api-key", "messagebird message_bird", mixed(ALNUM, 25), _MESSAGEBIRD),
    several(
        "microsoft-power-automate-url",
        "logic.azure.com api.powerplatform.com",
        "(?:logic\\.azure|api\\.powerplatform)\\.com(?::443)?/[^\\s\"'<>]{10,500}?"
        "(?:[?&;]|\\\\u0026)sig=(" + run("A-Za-z0-9_%-", 40, 70) + ")",
        _POWER,
    ),
    several(
        "microsoft-teams-webhook",
        "webhook.office.com/webhookb2/ outlook.office.com/webhook/ outlook.office365.com/webhook/",
        ""
        "(?:webhook\\.office\\.com/webhookb2|outlook\\.office(?:365)?\\.com/webhook)/[a-f0-9-]{36}@[a-f0-9-]{36}/IncomingWebhook/[a-f0-9]{32}/[a-f0-9-]{36}(?:/[A-Za-z0-9_-]{20,80})?(?![A-Za-z0-9_-])",
        _TEAMS,
    ),
    several("midtrans-server-key", "Mid-server-", "Mid-server-" + run(NAME, 16, 40), _MIDTRANS),
    fixed(
        "miro-access-token", "eyJtaXJv", "[A-Za-z0-9_-]{10,80}_" + run("A-Za-z0-9-", 20, 64), _MIRO
    ),
    context("mollie-api-key", "mollie", "(?:live|test|access)_" + mixed(ALNUM, 30, 48), _MOLLIE),
    context("moralis-api-key", "moralis", mixed(ALNUM, 64), _MORALIS),
    context(
        "mux-token-secret",
        "mux_token mux_secret mux.com muxinc mux-node mux-token",
        run("A-Za-z0-9+/", 75),
        _MUX,
    ),
    fixed("n8n-api-key", "n8n_api_", run(HEX, 40, 128), _N8N),
    context("newsapi-key", "newsapi news_api", run(HEX, 32), _NEWSAPI),
    context("notion-legacy-token", "notion", "secret_(" + run(ALNUM, 43) + ")", _NOTION),
    fixed("notion-token", "ntn_", run(ALNUM, 40, 60), _NOTION),
    fixed("nylas-api-key", "nyk_", "(?:v[0-9]_)?" + run(ALNUM, 60, 80), _NYLAS),
    context("nytimes-api-key", "nytimes new_york_times", mixed(ALNUM, 32), _NYTIMES),
    several("omise-secret-key", "skey_", "skey_(?:test_|prod_|live_)?" + mixed(LOWER, 19), _OMISE),
    several(
        "onesignal-api-key", "os_v2_", "os_v2_(?:app|org)_" + run("a-z2-7", 80, 120), _ONESIGNAL
    ),
    context(
        "onesignal-legacy-api-key", "onesignal", "[MNOYZ][A-Za-z0-9]{47}(?![A-Za-z0-9])", _ONESIGNAL
    ),
    several(
        "onfido-api-token",
        "api_live. api_live_us. api_live_ca. api_sandbox. api_sandbox_us. api_sandbox_ca.",
        "api_(?:live|sandbox)(?:_us|_ca)?\\." + run("A-Za-z0-9_.-", 20, 90),
        _ONFIDO,
    ),
    context("openweather-api-key", "openweather pyowm owm_api owm_key", run(HEX, 32), _OPENWEATHER),
    several(
        "openweather-url",
        "api.openweathermap.org",
        "api\\.openweathermap\\.org[^\\s\"'<>]{1,200}?appid=(" + run(HEX, 32) + ")",
        _OPENWEATHER,
    ),
    several(
        "paddle-api-key",
        "pdl_live_apikey_ pdl_sdbx_apikey_ pdl_test_apikey_",
        "pdl_(?:live|sdbx|test)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_" + run(ALNUM, 3),
        _PADDLE,
    ),
    fixed(
        "paddle-webhook-secret",
        "pdl_ntfset_",
        "[a-z0-9]{26}_" + run("A-Za-z0-9+/", 24, 48),
        _PADDLE_HOOK,
    ),
    context("paypal-client-secret", "paypal", "E[A-Za-z0-9_-]{79}(?![A-Za-z0-9_-])", _PAYPAL),
    several(
        "paystack-secret-key", "sk_live_ sk_test_", "sk_(?:live|test)_" + run(HEX, 40), _PAYSTACK
    ),
    several(
        "persona-api-key",
        "persona_production_ persona_sandbox_",
        "persona_(?:production|sandbox)_" + run(NAME, 20, 90),
        _PERSONA,
    ),
    context("pexels-api-key", "pexels", mixed(ALNUM, 56), _PEXELS),
    fixed("pinterest-access-token", "pina_", run(NAME, 40, 250), _PINTEREST),
    context("pipedrive-api-token", "pipedrive", run(HEX, 40), _PIPEDRIVE),
    context("pixabay-api-key", "pixabay", "[0-9]{7,9}-" + run(HEX, 25), _PIXABAY),
    several(
        "plaid-access-token",
        "access-production- access-development- access-sandbox-",
        "access-(?:production|development|sandbox)-" + UUID,
        _PLAID,
    ),
    context("plaid-secret", "plaid", run(HEX, 30), _PLAID_CLIENT),
    context("plivo-auth-token", "plivo", mixed(ALNUM, 40), _PLIVO),
    several(
        "polar-access-token",
        "polar_oat_ polar_pat_ polar_at_",
        "polar_(?:oat|pat|at_[uo])_" + run(ALNUM, 30, 100),
        _POLAR,
    ),
    context(
        "polygon-io-api-key",
        "polygon.io polygon_io polygon_api polygon-io polygon-api",
        mixed(NAME, 32),
        _POLYGON,
    ),
    context("postmark-server-token", "postmark", UUID, _POSTMARK),
    context("prismic-access-token", "prismic", "MC5" + run("A-Za-z0-9_.-", 40, 180), _PRISMIC),
    fixed("pubnub-secret-key", "sec-c-", run(_BASE64, 44, 56), _PUBNUB),
    context("pusher-app-secret", "pusher", run(HEX, 20), _PUSHER),
    context("pushover-api-token", "pushover", mixed(LOWER, 30), _PUSHOVER),
    several("quicknode-url", "quiknode.pro/", "quiknode\\.pro/" + run(HEX, 40), _QUICKNODE),
    fixed("ramp-client-secret", "ramp_sec_", run(ALNUM, 48), _RAMP),
    context("rapid7-insight-api-key", "rapid7 insightvm insight_api", UUID, _RAPID7),
    context(
        "rapidapi-key",
        "rapidapi",
        "[a-z0-9]{10}msh[a-z0-9]{15}p1[a-z0-9]{5,6}jsn" + run(LOWER, 12),
        _RAPIDAPI,
    ),
    context("razorpay-key-secret", "razorpay rzp_", mixed(ALNUM, 24), _RAZORPAY),
    context("recurly-api-key", "recurly", run(HEX, 32), _RECURLY),
    context(
        "reddit-client-secret", "reddit praw.", f"(?:{mixed(NAME, 27)}|{mixed(NAME, 30)})", _REDDIT
    ),
    context("resend-api-key", "resend", "re_[A-Za-z0-9]{8}_" + run(ALNUM, 24), _RESEND),
    several(
        "salesforce-access-token",
        "!AQ !AR %21AQ %21AR",
        "00[A-Za-z0-9]{13}(?:!|%21)[A-Za-z0-9._]{60,300}(?![A-Za-z0-9._])",
        _SALESFORCE,
        STRUCTURE,
        lead=15,
    ),
    context("salesforce-consumer-secret", "salesforce sfdc", run("A-F0-9", 64), _SALESFORCE),
    fixed("salesforce-refresh-token", "5Aep861", run("A-Za-z0-9._", 50, 120), _SALESFORCE),
    fixed("samsara-api-token", "samsara_api_", run(ALNUM, 26, 40), _SAMSARA),
    context("sanity-api-token", "sanity", "sk" + mixed(ALNUM, 80, 220), _SANITY),
    several("scalingo-api-token", "tk-us- tk-eu-", "tk-(?:us|eu)-" + run(NAME, 48), _SCALINGO),
    context("securitytrails-api-key", "securitytrails", mixed(ALNUM, 32), _SECURITYTRAILS),
    context("sendbird-api-token", "sendbird", run(HEX, 40), _SENDBIRD),
    several("sendgrid-api-key", "SG.", "SG\\.[A-Za-z0-9_-]{22}\\." + run(NAME, 43), _SENDGRID),
    context("sentinelone-api-token", "sentinelone", mixed(ALNUM, 80), _SENTINELONE),
    several(
        "settlemint-access-token",
        "sm_aat_ sm_pat_ sm_sat_",
        "sm_[aps]at_" + run(ALNUM, 16, 32),
        _SETTLEMINT,
    ),
    several(
        "shippo-api-token",
        "shippo_live_ shippo_test_",
        "shippo_(?:live|test)_" + run(HEX, 40),
        _SHIPPO,
    ),
    context("shodan-api-key", "shodan", mixed(ALNUM, 32), _SHODAN),
    several(
        "shopify-access-token",
        "shpat_ shpca_ shppa_ shptka_ shpua_",
        "shp(?:at|ca|pa|tka|ua)_" + run(_HEXES, 32, 64),
        _SHOPIFY,
    ),
    fixed("shopify-shared-secret", "shpss_", run(_HEXES, 32, 64), _SHOPIFY_APP),
    context("sidekiq-credentials", "contribsys", "[a-f0-9]{8}:[a-f0-9]{8}(?![a-f0-9])", _SIDEKIQ),
    several(
        "sidekiq-url",
        "contribsys.com",
        "([a-f0-9]{8}:[a-f0-9]{8})@(?:gems|enterprise)\\.contribsys\\.com",
        _SIDEKIQ,
        STRUCTURE,
        lead=40,
    ),
    several(
        "slack-app-token",
        "xapp-",
        "xapp-[0-9]-[A-Z0-9]{9,14}-[0-9]{10,16}-" + run(LOWER, 40, 80),
        _SLACK,
    ),
    fixed("slack-bot-token", "xoxb-", "[0-9]{6,15}-" + run("A-Za-z0-9-", 16, 80), _SLACK_BOT),
    several(
        "slack-legacy-token",
        "xoxa- xoxr- xoxo- xoxs-",
        "xox[aros]-(?:[0-9]-)?(?:[0-9]{6,15}-){1,3}" + run("A-Za-z0-9-", 16, 80),
        _SLACK_LEGACY,
    ),
    fixed("slack-refresh-token", "xoxe-", "[0-9]-" + run("A-Za-z0-9-", 60, 200), _SLACK),
    several(
        "slack-rotating-token",
        "xoxe.xox xoxe.xapp",
        "xoxe\\.(?:xox[bp]|xapp)-[0-9]-" + run("A-Za-z0-9-", 60, 250),
        _SLACK,
    ),
    fixed("slack-session-cookie", "xoxd-", run("A-Za-z0-9%/+=_-", 80, 400), _SLACK_LEGACY),
    fixed("slack-session-token", "xoxc-", "(?:[0-9]{6,15}-){2,3}" + run(HEX, 64), _SLACK_LEGACY),
    context(
        "slack-signing-secret",
        "slack_ slack.com slack-bolt slackapi signingsecret slack_bolt slack-signing slack-client",
        run(HEX, 32),
        _SLACK,
    ),
    fixed("slack-user-token", "xoxp-", "[0-9]{6,15}-" + run("A-Za-z0-9-", 24, 90), _SLACK_USER),
    fixed(
        "slack-webhook",
        "hooks.slack.com/services/",
        "T[A-Z0-9]{7,14}/B[A-Z0-9]{7,14}/" + run(ALNUM, 20, 32),
        _SLACK_HOOK,
    ),
    fixed("slack-workflow-token", "xwfp-", "[0-9]{6,15}-" + run("A-Za-z0-9-", 16, 90), _SLACK),
    several(
        "slack-workflow-webhook",
        "hooks.slack.com/workflows/ hooks.slack.com/triggers/",
        "hooks\\.slack\\.com/(?:workflows|triggers)/[TE][A-Z0-9]{7,14}/(?:A[A-Z0-9]{7,14}/)?[0-9]{10,20}/"
        + run(ALNUM, 20, 40),
        _SLACK_HOOK,
    ),
    context(
        "smartsheet-access-token",
        "smartsheet",
        f"(?:{mixed(ALNUM, 37)}|{mixed(LOWER, 26)})",
        _SMARTSHEET,
    ),
    context("soundcloud-client-secret", "soundcloud", mixed(ALNUM, 32), _SOUNDCLOUD),
    context("sparkpost-api-key", "sparkpost", run(HEX, 40), _SPARKPOST),
    context("spotify-client-secret", "spotify spotipy", run(HEX, 32), _SPOTIFY),
    several(
        "square-access-token",
        "EAAA",
        "EAAA[A-Za-z0-9_-]{60}(?![A-Za-z0-9+/_-])",
        _SQUARE_ACCESS,
        STRUCTURE,
    ),
    fixed("square-application-secret", "sq0csp-", run(NAME, 43), _SQUARE),
    fixed("square-legacy-access-token", "sq0atp-", run(NAME, 22), _SQUARE),
    context("squarespace-api-key", "squarespace", UUID, _SQUARESPACE),
    context(
        "storyblok-token",
        "storyblok",
        "[A-Za-z0-9]{22}tt(?:-[0-9]{4,8}-[A-Za-z0-9_-]{20})?(?![A-Za-z0-9_-])",
        _STORYBLOK,
    ),
    context("strava-client-secret", "strava", run(HEX, 40), _STRAVA),
    context(
        "stream-api-secret",
        "getstream stream_api stream-chat streamchat stream-io stream_chat stream-api",
        mixed(LOWER, 64),
        _STREAM,
    ),
    several(
        "stripe-restricted-key",
        "rk_live_ rk_test_ rk_prod_",
        "rk_(?:live|test|prod)_" + run(ALNUM, 20, 247),
        _STRIPE,
    ),
    several(
        "stripe-secret-key",
        "sk_live_ sk_prod_ sk_org_live_",
        f"sk_(?:org_)?(?:live|prod)_(?!a2V5X)(?:{run(ALNUM, 20, 36)}|{run(ALNUM, 60, 247)})",
        _STRIPE,
    ),
    # Without the keys of the documentation.
    several(
        "stripe-test-key",
        "sk_test_ sk_org_test_",
        "sk_(?:org_)?test_(?!a2V5X|4eC39H|BQokik|tR3PYb)"
        f"(?:{run(ALNUM, 20, 36)}|{run(ALNUM, 60, 247)})",
        _STRIPE,
    ),
    fixed("stripe-webhook-secret", "whsec_", run("A-Za-z0-9+/=", 28, 90), _STRIPE_HOOK),
    several(
        "stytch-secret",
        "secret-live- secret-test-",
        "secret-(?:live|test)-[A-Za-z0-9_-]{35}(?:=|%3D)",
        _STYTCH,
    ),
    context("tatum-api-key", "tatum", "t-[a-f0-9]{24}-" + run(HEX, 24), _TATUM),
    fixed("teamwork-api-key", "twp_", mixed(ALNUM, 20, 60), _TEAMWORK),
    several(
        "telegram-bot-token",
        ":AA %3AAA",
        "[0-9]{8,10}(?::|%3A)AA" + run(NAME, 32, 40),
        _TELEGRAM,
        STRUCTURE,
        lead=10,
    ),
    several(
        "telegram-bot-url",
        "api.telegram.org/bot",
        "api\\.telegram\\.org/bot[0-9]{8,10}(?::|%3A)AA" + run(NAME, 32, 40),
        _TELEGRAM,
    ),
    context("telnyx-api-key", "telnyx", "KEY[A-F0-9]{32}_" + run(ALNUM, 22), _TELNYX),
    context("tenable-api-key", "tenable nessus", run(HEX, 64), _TENABLE),
    several(
        "threads-access-token",
        "THAA THQV THQW",
        "TH(?:AA|QV|QW)[A-Za-z0-9_-]{80,400}(?![A-Za-z0-9+/_-])",
        _META,
    ),
    context(
        "tiktok-access-token",
        "tiktok",
        "(?:act|rft|clt)\\.[A-Za-z0-9!._-]{30,140}(?![A-Za-z0-9])",
        _TIKTOK,
    ),
    context("tiktok-client-secret", "tiktok", mixed(ALNUM, 32), _TIKTOK),
    context("tmdb-api-key", "themoviedb tmdb", run(HEX, 32), _TMDB),
    context("todoist-api-token", "todoist", run(HEX, 40), _TODOIST),
    context("toggl-api-token", "toggl_ toggl.com toggl-", run(HEX, 32), _TOGGL),
    context("tomtom-api-key", "tomtom", mixed(ALNUM, 32), _TOMTOM),
    context("trello-legacy-token", "trello", run(HEX, 64), _TRELLO),
    # Ends with the CRC-32 of what stands before, in capitals.
    fixed("trello-token", "ATTA", "[a-f0-9]{64}" + run("A-F0-9", 8), _TRELLO),
    context("tumblr-consumer-secret", "tumblr", mixed(ALNUM, 50), _TUMBLR),
    context("twilio-api-key", "twilio", "SK" + run(HEX, 32), _TWILIO_SID),
    context("twilio-api-secret", "twilio", "(?![a-f0-9]{32})" + mixed(ALNUM, 32), _TWILIO),
    context("twilio-auth-token", "twilio", run(HEX, 32), _TWILIO),
    context("twitch-client-secret", "twitch", mixed(LOWER, 30), _TWITCH),
    context("twitter-access-secret", "twitter tweepy api.x.com", mixed(ALNUM, 45), _TWITTER),
    context(
        "twitter-access-token",
        "twitter tweepy api.x.com",
        "[0-9]{6,20}-" + run(ALNUM, 30, 45),
        _TWITTER,
    ),
    context(
        "twitter-api-key",
        "twitter_ tweepy api.x.com api.twitter twitter-api",
        mixed(ALNUM, 25),
        _TWITTER,
    ),
    context(
        "twitter-api-secret", "twitter tweepy api.x.com", "(?<!3D)" + mixed(ALNUM, 50), _TWITTER
    ),
    # It begins with twenty times A, like a placeholder: the part behind its `=` is the secret.
    # The numbers that it begins with have been small so far.
    fixed("twitter-bearer-token", "A" * 19, "[A-Za-z0-9%]{60,160}(?![A-Za-z0-9%])", _TWITTER),
    fixed("typeform-access-token", "tfp_", run("A-Za-z0-9_.=-", 40, 80), _TYPEFORM),
    fixed("unkey-root-key", "unkey_", mixed(ALNUM, 20, 40), _UNKEY),
    context("unsplash-access-key", "unsplash", mixed(NAME, 43), _UNSPLASH),
    context("uploadcare-secret-key", "uploadcare", run(HEX, 20), _UPLOADCARE),
    context("vimeo-access-token", "vimeo", run(HEX, 32), _VIMEO),
    context("virustotal-api-key", "virustotal", run(HEX, 64), _VIRUSTOTAL),
    context("vonage-api-secret", "vonage nexmo", mixed(ALNUM, 16), _VONAGE),
    context("weatherapi-key", "weatherapi", mixed(LOWER, 31), _WEATHERAPI),
    context(
        "webex-access-token", "webex ciscospark", "[A-Za-z0-9]{64}_[A-Z0-9]{4}_" + UUID, _WEBEX
    ),
    context("webflow-api-token", "webflow", run(HEX, 64), _WEBFLOW),
    several(
        "wecom-webhook",
        "qyapi.weixin.qq.com/cgi-bin/webhook/",
        "qyapi\\.weixin\\.qq\\.com/cgi-bin/webhook/send\\?key=" + UUID,
        _WECOM,
    ),
    context(
        "wise-api-token", "transferwise wise_api wise_token api.wise.com wise-api", UUID, _WISE
    ),
    context("wistia-api-token", "wistia", run(HEX, 64), _WISTIA),
    context("wiz-client-secret", "wiz.io wiz_ wizcli wiz-client", mixed(ALNUM, 64), _WIZ),
    context(
        "woocommerce-key",
        "woocommerce woo_ wc_consumer wc_api wc/v3 wc/v2",
        "c[ks]_" + run(HEX, 40),
        _WOOCOMMERCE,
    ),
    context(
        "wordpress-application-password",
        "wp-json wordpress application_password wp_app",
        "(?=[A-Za-z ]{0,28}[0-9])(?:[A-Za-z0-9]{4} ){5}" + run(ALNUM, 4),
        _WORDPRESS,
    ),
    several(
        "workato-api-token",
        "wrkaus- wrkaeu- wrkajp- wrkasg- wrkaau-",
        "wrka[a-z]{2}-eyJ[A-Za-z0-9_-]{8,800}\\.[A-Za-z0-9_-]{16,800}\\." + run(NAME, 64, 1000),
        _WORKATO,
    ),
    several(
        "xendit-secret-key",
        "xnd_production_ xnd_development_",
        "xnd_(?:production|development)_" + run(ALNUM, 40, 90),
        _XENDIT,
    ),
    context("yelp-api-key", "yelp", mixed(NAME, 128), _YELP),
    fixed(
        "zapier-webhook",
        "hooks.zapier.com/hooks/catch/",
        "[0-9]{4,12}/" + run(LOWER, 5, 12),
        _ZAPIER,
    ),
    context("zendesk-api-token", "zendesk", mixed(ALNUM, 40), _ZENDESK),
    context("zendesk-oauth-secret", "zendesk", run(HEX, 64), _ZENDESK),
    context("zoho-client-secret", "zoho", run(HEX, 42), _ZOHO),
    context("zoho-oauth-token", "zoho", "100[0-9]\\.[a-f0-9]{32}\\." + run(HEX, 32), _ZOHO),
    context(
        "zoom-client-secret",
        "zoom.us zoom_client zoom_secret zoom_account zoom_api zoom_webhook zoomus "
        "zoom-client zoom-secret",
        mixed(ALNUM, 32),
        _ZOOM,
    ),
    context("zulip-api-key", "zulip", mixed(ALNUM, 32), _ZULIP),
)
