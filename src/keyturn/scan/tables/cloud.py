"""Rows of clouds, hosting, models, data and observability."""

from __future__ import annotations

from keyturn.scan.pattern import (
    ALNUM,
    FIXED,
    HEX,
    LOWER,
    NAME,
    STRUCTURE,
    UPPER,
    UUID,
    WORD,
    Pattern,
    context,
    fixed,
    run,
)

_BASE64 = "A-Za-z0-9+/"
_BYTES_32 = r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/])"
_BYTES_64 = r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/])"
# How a base64 key of Azure ends behind its signature: the bits that remain, a checksum, padding.
_END_32 = "[A-P][A-Za-z0-9+/]{5}=(?![A-Za-z0-9+/])"
_END_39 = "[A-D][A-Za-z0-9+/]{5}(?![A-Za-z0-9+/])"
_END_64 = "[A-Za-z0-9+/]{5}[AQgw]==(?![A-Za-z0-9+/])"


def _alone(characters: str, shortest: int, longest: int | None = None) -> str:
    """Return `run` with the left edge too, for classes with more than letters and digits."""
    return f"(?<![{characters}])" + run(characters, shortest, longest)


def _mixed(shortest: int, longest: int | None = None) -> str:
    """Return a run of letters and digits with both cases early in it, which no hash has."""
    return "(?=[a-z0-9]{0,30}[A-Z])(?=[A-Z0-9]{0,30}[a-z])" + run(ALNUM, shortest, longest)


def _bare(value: str) -> str:
    """Return the expression of a value that is no part of a word or of base64 for addresses."""
    return f"(?<![A-Za-z0-9+_-]){value}(?![+_-])"


def _signed(pattern_id: str, signature: str, before: int, end: str) -> Pattern:
    """Return the row of an Azure key, whose signature stands behind so much base64."""
    mark = signature.replace("+", r"\+")
    regex = f"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{{{before}}}{mark}{end}"
    return Pattern(pattern_id, (signature,), regex, STRUCTURE, _AZURE_KEYS, lead=before)


_AI21 = "docs.ai21.com, API key"
_AIRBRAKE = "docs.airbrake.io, API keys"
_AIRTABLE = "airtable.com/developers, personal access tokens"
_AIVEN = "aiven.io/docs, service passwords and tokens"
_AKAMAI = "techdocs.akamai.com, EdgeGrid credentials"
_ALIBABA = "alibabacloud.com/help, AccessKey pair"
_AMPLITUDE = "amplitude.com/docs, secret key"
_ANTHROPIC = "platform.claude.com/docs, get API key; create an Admin API key, 2026-11"
_ANTHROPIC_OAUTH = "docs.claude.com, sessions and OAuth tokens of Claude Code"
_ASSEMBLYAI = "assemblyai.com/docs, API keys"
_ASTRA = "docs.datastax.com, Astra application tokens"
_AWS_BEDROCK = "docs.aws.amazon.com, Amazon Bedrock API keys"
_AWS_BEDROCK_SHORT = "github.com/aws/aws-bedrock-token-generator-python, 2026-11"
_AWS_IAM = "docs.aws.amazon.com/IAM, identifiers, unique ID prefixes; git-secrets, 2026-11"
_AWS_LABS = "github.com/awslabs/git-secrets, 2026-11"
_AWS_MWS = "docs.developer.amazonservices.com, MWS authorization token"
_AWS_STS = "docs.aws.amazon.com, temporary security credentials"
_AXIOM = "axiom.co/docs/reference/tokens"
_AZURE_KEYS = "github.com/microsoft/security-utilities, classified security keys, 2026-11"
_AZURE_OLD = "learn.microsoft.com, connection strings and access keys of Azure"
_AZURE_SAS = "learn.microsoft.com, shared access signatures of Azure Storage"
_BACKBLAZE = "backblaze.com/docs, application keys"
_BASETEN = "docs.baseten.co, API keys"
_BETTERSTACK = "betterstack.com/docs/logs, source token"
_BUGSNAG = "docs.bugsnag.com, personal auth tokens"
_BUNNY = "docs.bunny.net, API keys"
_CARTESIA = "docs.cartesia.ai, API keys"
_CEREBRAS = "inference-docs.cerebras.ai, API keys"
_CHECKLY = "checklyhq.com/docs, API keys"
_CIVO = "civo.com/docs, API keys"
_CLARIFAI = "docs.clarifai.com, personal access tokens"
_CLICKHOUSE = "clickhouse.com/docs, cloud API keys"
_CLOUDFLARE = "developers.cloudflare.com/fundamentals/api/get-started/token-formats, 2026-11"
_CLOUDFLARE_CA = "developers.cloudflare.com/fundamentals/api/get-started/ca-keys, 2026-11"
_CLOUDFLARE_OLD = "developers.cloudflare.com, API tokens and keys without a prefix"
_COCKROACH = "cockroachlabs.com/docs, cloud API"
_COHERE = "docs.cohere.com, API keys"
_CONFLUENT = "docs.confluent.io/cloud, API keys, API secret format, 2026-11"
_CURSOR = "cursor.com/docs, API keys"
_DATABRICKS = "docs.databricks.com, personal access tokens"
_DATADOG = "docs.datadoghq.com/account_management/personal-access-tokens, 2026-11"
_DATADOG_KEYS = "github.com/DataDog/datadog-agent, pkg/util/scrubber/default.go, 2026-11"
_DBT = "docs.getdbt.com, service and personal tokens"
_DEEPGRAM = "developers.deepgram.com, API keys"
_DEEPSEEK = "api-docs.deepseek.com"
_DEVIN = "docs.devin.ai, service users"
_DIGITALOCEAN = "docs.digitalocean.com/notes/2022/api-token-format, 2026-11"
_DIGITALOCEAN_SPACES = "docs.digitalocean.com, Spaces access keys"
_DYNATRACE = "docs.dynatrace.com/docs/shortlink/api-authentication, token format, 2026-11"
_ELASTIC = "elastic.co/docs, API keys of Elastic Cloud"
_ELEVENLABS = "elevenlabs.io/docs, API keys"
_EXA = "docs.exa.ai, API keys"
_EXOSCALE = "community.exoscale.com, IAM API keys"
_FAL = "docs.fal.ai, API keys"
_FASTLY = "fastly.com/documentation, API tokens"
_FIRECRAWL = "docs.firecrawl.dev, API keys"
_FIREWORKS = "docs.fireworks.ai, API keys"
_FIVETRAN = "fivetran.com/docs/rest-api, API key and secret"
_FLY = "github.com/superfly/macaroon, format.go, 2026-11"
_FLY_OLD = "fly.io/docs/security/tokens"
_GCP_ACCOUNT = "cloud.google.com/iam/docs, service account keys, key file"
_GCP_FCM = "firebase.google.com/docs/cloud-messaging, legacy server keys"
_GCP_GEMINI = "ai.google.dev/gemini-api/docs, API keys"
_GCP_HMAC = "cloud.google.com/storage/docs/authentication/hmackeys, 2026-11"
_GCP_KEYS = "cloud.google.com/docs/authentication/api-keys, 2026-11"
_GCP_OAUTH = "developers.google.com/identity/protocols/oauth2"
_GROQ = "console.groq.com/docs, API keys"
_HEROKU = "devcenter.heroku.com/articles/oauth, prefixed OAuth tokens, 2026-11"
_HETZNER = "github.com/hetznercloud/cli, internal/cmd/context/create.go, 2026-11"
_HONEYCOMB = "docs.honeycomb.io/api/authentication, 2026-11"
_HONEYCOMB_OLD = "docs.honeycomb.io, configuration keys and classic keys"
_HUAWEI = "support.huaweicloud.com, access keys"
_HUGGINGFACE = "github.com/huggingface/huggingface.js, checkCredentials.ts, 2026-11"
_HUGGINGFACE_ORG = "huggingface.co/docs, organization API tokens"
_IBM = "cloud.ibm.com/docs, API keys"
_INFLUX = "docs.influxdata.com, API tokens"
_INSTANA = "ibm.com/docs, Instana API tokens"
_JINA = "jina.ai, API keys"
_KAGGLE = "kaggle.com/docs/api, API tokens"
_KOYEB = "koyeb.com/docs, API tokens"
_LANGFUSE = "github.com/langfuse/langfuse, src/server/auth/apiKeys.ts, 2026-11"
_LANGSMITH = "docs.langchain.com/langsmith/llm-gateway-authentication, 2026-11"
_LINODE = "techdocs.akamai.com/linode-api, personal access tokens"
_LLAMA = "docs.cloud.llamaindex.ai, API keys"
_LOGDNA = "docs.mezmo.com, ingestion and service keys"
_LOGGLY = "documentation.solarwinds.com, Loggly customer token"
_LOGZIO = "docs.logz.io, shipping and API tokens"
_MAPBOX = "docs.mapbox.com/help/dive-deeper/access-tokens, 2026-11"
_MISTRAL = "docs.mistral.ai, API keys"
_MIXPANEL = "docs.mixpanel.com, project secret and service accounts"
_MODAL = "modal.com/docs, tokens"
_MONGODB = "mongodb.com/docs/atlas, service accounts and API keys"
_MOONSHOT = "platform.moonshot.ai/docs, API keys"
_NEON = "neon.com/docs, API keys"
_NEWRELIC = "docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys"
_NVIDIA = "docs.nvidia.com/ngc, API keys"
_OLLAMA = "docs.ollama.com, API keys"
_OPENAI = "platform.openai.com/docs, API keys"
_OPENROUTER = "openrouter.ai/docs, API keys"
_OPSGENIE = "docs.opsgenie.com, API key"
_OVH = "help.ovhcloud.com, first steps with the API"
_PAGERDUTY = "developer.pagerduty.com, API tokens"
_PERPLEXITY = "docs.perplexity.ai, API keys"
_PINECONE = "docs.pinecone.io, API keys"
_PLANETSCALE = "planetscale.com/docs, service tokens"
_POSTHOG = "github.com/PostHog/posthog, posthog/models/utils.py, 2026-11"
_QDRANT = "qdrant.tech/documentation/cloud, API keys"
_RAILWAY = "docs.railway.com, API tokens"
_RAYGUN = "raygun.com/documentation, API keys"
_REDIS = "redis.io/docs, Redis Cloud API keys"
_RENDER = "render.com/docs/api"
_REPLICATE = "replicate.com/docs/topics/security/api-tokens, 2026-11"
_ROBOFLOW = "docs.roboflow.com, API keys"
_ROLLBAR = "docs.rollbar.com, access tokens"
_ROOTLY = "docs.rootly.com, API keys"
_RUDDERSTACK = "rudderstack.com/docs, access tokens"
_RUNPOD = "docs.runpod.io, API keys"
_SCALEWAY = "github.com/scaleway/scaleway-sdk-go, validation/is.go, 2026-11"
_SEGMENT = "segment.com/docs, public API tokens"
_SERPAPI = "serpapi.com, API key"
_SPLUNK = "docs.splunk.com, HTTP event collector tokens"
_STABILITY = "platform.stability.ai/docs, API keys"
_STATUSCAKE = "developers.statuscake.com, API tokens"
_SUMO = "help.sumologic.com, access keys"
_SUPABASE = "supabase.com/docs/guides/api/api-keys, 2026-11"
_SUPABASE_CLI = "github.com/supabase/cli, internal/utils/access_token.go, 2026-11"
_TAVILY = "docs.tavily.com, API keys"
_TENCENT = "cloud.tencent.com/document, SecretId and SecretKey"
_TOGETHER = "docs.together.ai, API keys"
_UPCLOUD = "developers.upcloud.com, API tokens"
_UPSTASH = "upstash.com/docs, REST and QStash tokens"
_UPTIMEROBOT = "uptimerobot.com/api, API keys"
_VICTOROPS = "help.victorops.com, API"
_VOYAGE = "docs.voyageai.com, API keys"
_VULTR = "vultr.com/api, API keys"
_WANDB = "docs.wandb.ai, API keys"
_WANDB_OLD = "github.com/wandb/wandb, wandb/sdk/lib/apikey.py, 2026-11"
_WEAVIATE = "docs.weaviate.io/cloud, API keys"
_XAI = "docs.x.ai, API keys"
_YANDEX = "yandex.cloud/en/docs/security/operations/search-secrets, 2026-11"
_ZHIPU = "docs.z.ai, API keys"

ROWS: tuple[Pattern, ...] = (
    context("ai21-api-key", "ai21", _bare(_mixed(32)), _AI21, 3.9),
    context("airbrake-project-key", "airbrake", _bare(run(HEX, 32)), _AIRBRAKE),
    context("airbrake-user-key", "airbrake", _bare(run(HEX, 40)), _AIRBRAKE),
    context("airtable-pat", "airtable", "pat[A-Za-z0-9]{14}[.]" + run(HEX, 64), _AIRTABLE),
    fixed("aiven-password", "AVNS_", run(NAME, 15, 64), _AIVEN),
    context("aiven-token", "aiven", r"(?<![\w+/])[A-Za-z0-9+/]{371,372}={0,1}(?![\w+/])", _AIVEN),
    context("akamai-client-secret", "akamaiapis akamai_ edgegrid edgerc akab-", _BYTES_32, _AKAMAI),
    fixed("akamai-token", "akab-", "[a-z0-9]{16}-[a-z0-9]{16}(?![A-Za-z0-9.-])", _AKAMAI),
    fixed("alibaba-access-key-id", "LTAI", run(ALNUM, 12, 26), _ALIBABA),
    context("alibaba-secret-key", "alibaba aliyun alicloud ltai", _bare(_mixed(30)), _ALIBABA, 3.8),
    context("amplitude-secret-key", "amplitude", _bare(run(HEX, 32)), _AMPLITUDE),
    fixed("anthropic-admin-key", "sk-ant-admin01-", run(NAME, 80, 128), _ANTHROPIC),
    # The keys of an organization of Claude Enterprise have the number 01.
    fixed("anthropic-api-key", "sk-ant-api", "[0-9]{2}-" + run(NAME, 80, 128), _ANTHROPIC),
    fixed("anthropic-oauth-token", "sk-ant-oat01-", run(NAME, 80, 128), _ANTHROPIC_OAUTH),
    fixed("anthropic-refresh-token", "sk-ant-ort01-", run(NAME, 80, 128), _ANTHROPIC_OAUTH),
    fixed("anthropic-session-key", "sk-ant-sid01-", run(NAME, 80, 140), _ANTHROPIC_OAUTH),
    context("assemblyai-api-key", "assemblyai", _bare(run(HEX, 32)), _ASSEMBLYAI),
    fixed("astra-token", "AstraCS:", run("A-Za-z0-9:", 60, 128), _ASTRA),
    Pattern(
        "aws-access-key-id",
        ("AKIA", "ASIA", "ABIA", "ACCA", "A3T"),
        # A signed address shows the id on purpose.
        "(?<!Credential=)(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16}(?![A-Za-z0-9])",
        FIXED,
        _AWS_IAM,
    ),
    fixed("aws-bedrock-key", "ABSK", "[A-Za-z0-9+/]{90,280}={0,2}(?![A-Za-z0-9+/])", _AWS_BEDROCK),
    # A signed address in base64; with temporary credentials it holds their session token.
    fixed(
        "aws-bedrock-short-term-key",
        "bedrock-api-key-",
        "[A-Za-z0-9+/]{100,6000}={0,2}(?![A-Za-z0-9+/])",
        _AWS_BEDROCK_SHORT,
    )._replace(reach=6100),
    fixed("aws-mws-token", "amzn.mws.", UUID, _AWS_MWS),
    # The names are those of its settings, of its answers, and of the identifier beside it. A
    # hash lacks capitals, a path or an identifier lacks this entropy.
    context(
        "aws-secret-access-key",
        "aws_secret aws-secret awssecret secretaccesskey secret_access_key aws_access amazonaws"
        " akia",
        "(?<![A-Za-z0-9+/])(?=[a-z0-9+/]{0,30}[A-Z])(?=[A-Z0-9+/]{0,30}[a-z])"
        "[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])",
        _AWS_LABS,
        4.2,
    ),
    # What the first bytes of every temporary token decode to: the names of its origin.
    Pattern(
        "aws-session-token",
        ("IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdz", "FQoGZXIvYXdz"),
        "(?:IQoJb3JpZ2luX2Vj|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/]{150,2000}={0,2}(?![A-Za-z0-9+/])",
        FIXED,
        _AWS_STS,
        reach=2100,
    ),
    fixed("axiom-api-token", "xaat-", UUID, _AXIOM),
    fixed("axiom-personal-token", "xapt-", UUID, _AXIOM),
    _signed("azure-api-management-key", "APIM", 76, _END_64),
    context(
        "azure-app-configuration-key",
        "azconfig appconfig app-configuration app_configuration",
        _BYTES_32,
        _AZURE_OLD,
    ),
    _signed("azure-batch-key", "+ABa", 76, _END_64),
    context(
        "azure-cognitive-key",
        "cognitiveservices openai.azure.com azure_openai azureopenai azure-openai"
        " ocp-apim-subscription-key cognitive.microsoft",
        _bare(run(HEX, 32)),
        _AZURE_OLD,
    ),
    context(
        "azure-communication-key",
        "communication.azure.com azure_communication azure-communication azurecommunication",
        _BYTES_64,
        _AZURE_OLD,
    ),
    _signed("azure-container-registry-key", "+ACR", 42, _END_39),
    _signed("azure-cosmos-key", "ACDb", 76, _END_64),
    # The key of the emulator is public.
    context(
        "azure-cosmos-key-legacy",
        "cosmosdb cosmos_ cosmos- cosmoskey documents.azure.com",
        r"(?<![A-Za-z0-9+/])(?!C2y6yDjf5)[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/])",
        _AZURE_OLD,
    ),
    # Two characters of the mark never vary; the digit before them is 7 or 8 so far.
    Pattern(
        "azure-entra-client-secret",
        tuple(f"{digit}Q~" for digit in range(10)),
        r"(?<![A-Za-z0-9_~.+/-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"
        r"(?![A-Za-z0-9_~-]|[.][A-Za-z0-9])",
        STRUCTURE,
        _AZURE_KEYS,
        lead=3,
    ),
    _signed("azure-event-grid-key", "AZEG", 33, _END_32),
    _signed("azure-event-hub-key", "+AEh", 33, _END_32),
    Pattern(
        "azure-functions-key",
        ("AzFu",),
        r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==(?![A-Za-z0-9_-])",
        STRUCTURE,
        _AZURE_KEYS,
        lead=44,
    ),
    # Azure DevOps has the same layout, and a row of its own.
    Pattern(
        "azure-identifiable-key",
        ("JQQJ9",),
        "[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}(?!AZDO)[A-Za-z][A-Za-z0-9]{7}"
        "(?:[A-Za-z0-9]{2}==)?(?![A-Za-z0-9])",
        STRUCTURE,
        _AZURE_KEYS,
        lead=52,
    ),
    _signed("azure-iot-key", "AIoT", 33, _END_32),
    _signed("azure-machine-learning-key", "+AMC", 76, _END_64),
    context(
        "azure-publish-password",
        "publishprofile publish-profile publish_profile publishdata userpwd scm.azurewebsites.net",
        _bare(_mixed(60)),
        _AZURE_OLD,
        4.0,
    ),
    _signed("azure-redis-key", "AzCa", 33, _END_32),
    _signed("azure-relay-key", "+ARm", 33, _END_32),
    Pattern(
        "azure-sas",
        ("sv=20",),
        r"sv=20\d\d-\d\d-\d\d(?:&(?:amp;)?[a-z]{2,6}=[A-Za-z0-9%:._+/-]{0,200}){0,14}?"
        r"&(?:amp;)?sig=(?:[A-Za-z0-9+/]|%2[BbFf]){43}(?:=|%3[Dd])(?![A-Za-z0-9+/])",
        STRUCTURE,
        _AZURE_SAS,
    ),
    _signed("azure-search-key", "AzSe", 42, _END_39),
    _signed("azure-service-bus-key", "+ASb", 33, _END_32),
    context(
        "azure-shared-access-key",
        "sharedaccesskey servicebus.windows.net servicebus_ servicebus- service-bus eventhub"
        " azure-devices.net",
        _BYTES_32,
        _AZURE_OLD,
    ),
    context("azure-signalr-key", "signalr webpubsub", _BYTES_32, _AZURE_OLD),
    _signed("azure-storage-key", "+ASt", 76, _END_64),
    # The key of the emulator is public.
    context(
        "azure-storage-key-legacy",
        "accountkey core.windows.net azure_storage azure-storage azurestorage storage_account"
        " storageaccount",
        r"(?<![A-Za-z0-9+/])(?!Eby8vdM02)[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/])",
        _AZURE_OLD,
    ),
    context(
        "backblaze-application-key",
        "backblaze b2_application b2_app",
        "K0[0-9]{2}" + run(_BASE64, 27),
        _BACKBLAZE,
    ),
    context("baseten-api-key", "baseten", "[A-Za-z0-9]{8}[.]" + run(ALNUM, 32), _BASETEN, 3.9),
    context(
        "betterstack-source-token",
        "betterstack better_stack logtail",
        _bare(_mixed(24)),
        _BETTERSTACK,
        3.6,
    ),
    context("bugsnag-auth-token", "bugsnag", UUID, _BUGSNAG),
    context(
        "bunny-api-key",
        "bunnycdn bunny.net bunny_ bunny- bunnynet bunnyapi",
        "[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{20}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"
        "(?![A-Za-z0-9-])",
        _BUNNY,
    ),
    fixed("cartesia-api-key", "sk_car_", run(WORD, 20, 40), _CARTESIA),
    fixed("cerebras-api-key", "csk-", run(LOWER, 48), _CEREBRAS),
    context("checkly-api-key", "checkly", "cu_" + run(HEX, 32), _CHECKLY),
    context("civo-api-key", "civo_ civo- civo.com", _bare(run(ALNUM, 50)), _CIVO, 4.0),
    context("clarifai-pat", "clarifai", _bare(run(HEX, 32)), _CLARIFAI),
    fixed("clickhouse-cloud-secret", "4b1d", run(ALNUM, 38), _CLICKHOUSE),
    fixed("cloudflare-account-token", "cfat_", run(ALNUM, 46, 64), _CLOUDFLARE),
    context(
        "cloudflare-api-token",
        "cloudflare cf_api cf_token",
        _alone(NAME, 40),
        _CLOUDFLARE_OLD,
        4.0,
    ),
    fixed("cloudflare-global-key", "cfk_", run(ALNUM, 46, 64), _CLOUDFLARE),
    context(
        "cloudflare-global-key-legacy", "cloudflare cf_api", _bare(run(HEX, 37)), _CLOUDFLARE_OLD
    ),
    fixed("cloudflare-origin-ca-key", "v1.0-", "[a-f0-9]{24}-" + run(HEX, 146), _CLOUDFLARE_CA),
    context(
        "cloudflare-r2-secret",
        "r2.cloudflarestorage.com r2_secret r2-secret r2secret",
        _bare(run(HEX, 64)),
        _CLOUDFLARE_OLD,
    ),
    fixed("cloudflare-user-token", "cfut_", run(ALNUM, 46, 64), _CLOUDFLARE),
    fixed("cockroachdb-api-key", "CCDB1_", "[A-Za-z0-9]{22}_" + run(ALNUM, 40), _COCKROACH),
    context(
        "cohere-api-key",
        'cohere_ cohere- cohere" cohere: cohere. co_api_key cohereapi cohereclient',
        _bare(_mixed(40)),
        _COHERE,
        4.1,
    ),
    fixed("confluent-api-secret", "cflt", run(_BASE64, 60), _CONFLUENT),
    context("confluent-api-secret-legacy", "confluent", _alone(_BASE64, 64), _CONFLUENT, 4.4),
    fixed("cursor-api-key", "crsr_", run(ALNUM, 64), _CURSOR),
    context(
        "cursor-api-key-legacy",
        "cursor_api cursor-api cursorapi cursor.com cursor.sh",
        "key_" + run(HEX, 64),
        _CURSOR,
    ),
    fixed("databricks-oauth-secret", "dose", run(HEX, 32), _DATABRICKS),
    Pattern(
        "databricks-pat",
        ("dapi",),
        "dapi[a-f0-9]{32}(?:-[0-9])?(?![A-Za-z0-9-])",
        FIXED,
        _DATABRICKS,
    ),
    context("datadog-api-key", "datadog dd_api_key ddog-gov", _bare(run(HEX, 32)), _DATADOG_KEYS),
    fixed("datadog-application-key", "ddapp_", run(WORD, 30, 80), _DATADOG_KEYS),
    context(
        "datadog-application-key-legacy",
        "datadog dd_app_key dd_application_key ddog-gov",
        _bare(run(HEX, 40)),
        _DATADOG_KEYS,
    ),
    fixed("datadog-pat", "ddpat_", run(WORD, 30, 120), _DATADOG),
    fixed("datadog-service-token", "ddsat_", run(WORD, 30, 120), _DATADOG),
    fixed("dbt-service-token", "dbtc_", run(NAME, 30, 128), _DBT),
    fixed("dbt-user-token", "dbtu_", run(NAME, 30, 128), _DBT),
    context("deepgram-api-key", "deepgram", _bare(run(HEX, 40)), _DEEPGRAM),
    context("deepseek-api-key", "deepseek", "sk-" + run(HEX, 32), _DEEPSEEK),
    fixed("devin-service-token", "cog_", run("a-z2-7", 52), _DEVIN),
    fixed("digitalocean-oauth-token", "doo_v1_", run(HEX, 64), _DIGITALOCEAN),
    fixed("digitalocean-pat", "dop_v1_", run(HEX, 64), _DIGITALOCEAN),
    fixed("digitalocean-refresh-token", "dor_v1_", run(HEX, 64), _DIGITALOCEAN),
    context(
        "digitalocean-spaces-secret",
        "digitaloceanspaces digitalocean-spaces spaces_secret spaces-secret spacessecret",
        _alone(_BASE64, 43),
        _DIGITALOCEAN_SPACES,
        4.2,
    ),
    # Three letters of the prefix say which kind of token it is.
    Pattern(
        "dynatrace-token",
        ("dt0c", "dt0s", "dt0a", "dt0e"),
        "dt0[a-z][0-9]{2}[.][A-Z0-9-]{8,40}[.]" + run(UPPER, 64),
        FIXED,
        _DYNATRACE,
    ),
    fixed("elastic-cloud-key", "essu_", "[A-Za-z0-9_-]{40,250}={0,2}(?![A-Za-z0-9_-])", _ELASTIC),
    # An identifier of 20 characters, a colon and a key of 22, in base64.
    context(
        "elasticsearch-api-key",
        "elastic_ elasticsearch elastic.co",
        "(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{58}==(?![A-Za-z0-9+/])",
        _ELASTIC,
        4.2,
    ),
    context(
        "elevenlabs-api-key", "elevenlabs eleven_api xi-api-key", "sk_" + run(HEX, 48), _ELEVENLABS
    ),
    context("exa-api-key", "exa_api exa-api exa.ai exaapi", UUID, _EXA),
    context("exoscale-secret-key", "exoscale", _alone(NAME, 43), _EXOSCALE, 4.2),
    context(
        "fal-api-key",
        "fal_key fal-key falkey fal.ai fal.run fal-ai fal_ai",
        UUID.replace("(?![A-Za-z0-9-])", "") + ":" + run(HEX, 32),
        _FAL,
    ),
    context("fastly-api-token", "fastly", _alone(NAME, 32), _FASTLY, 3.7),
    context("firecrawl-api-key", "firecrawl", "fc-" + run(HEX, 32), _FIRECRAWL),
    context("fireworks-api-key", "fireworks", "fw_" + run(ALNUM, 20, 48), _FIREWORKS),
    context("fivetran-api-secret", "fivetran", _bare(_mixed(32)), _FIVETRAN, 3.9),
    fixed("fly-access-token", "fo1_", run(NAME, 43), _FLY_OLD),
    # A bundle of macaroons has commas between, after its scheme or alone.
    Pattern(
        "fly-macaroon",
        ("fm1r_", "fm1a_", "fm2_"),
        "fm(?:1[ar]|2)_[A-Za-z0-9+/]{80,1500}={0,3}(?![A-Za-z0-9+/])",
        FIXED,
        _FLY,
        reach=1600,
    ),
    fixed("google-api-key", "AIza", run(NAME, 35), _GCP_KEYS),
    fixed("google-gemini-key", "AQ.Ab8RN6", run(NAME, 40, 64), _GCP_GEMINI),
    Pattern(
        "google-messaging-key",
        (":APA91b",),
        "AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{134}(?![A-Za-z0-9_-])",
        STRUCTURE,
        _GCP_FCM,
        lead=11,
    ),
    fixed("google-oauth-client-secret", "GOCSPX-", run(NAME, 28), _GCP_OAUTH),
    fixed("google-oauth-refresh-token", "1//0", run(NAME, 40, 512), _GCP_OAUTH),
    fixed("google-oauth-token", "ya29.", run("A-Za-z0-9_.-", 30, 2000), _GCP_OAUTH)._replace(
        reach=2100
    ),
    # The key file as it is downloaded; the line ends are escaped, twice where it is quoted.
    Pattern(
        "google-service-account-key",
        ("service_account",),
        r"service_account(?:\\{0,3}\"|&quot;)[^{}]{1,400}?private_key(?:\\{0,3}\"|&quot;)\s*:\s*"
        r"(?:\\{0,3}\"|&quot;)(-----BEGIN (?:RSA )?PRIVATE KEY-----(?:\\{1,4}n|\n)"
        r"[A-Za-z0-9+/=\\\n]{800,4000}-----END (?:RSA )?PRIVATE KEY-----)",
        STRUCTURE,
        _GCP_ACCOUNT,
        reach=5000,
    ),
    context(
        "google-storage-hmac-secret",
        "goog1 storage.googleapis.com gcs_hmac gcs-hmac gcshmac google-cloud-storage",
        "(?<![A-Za-z0-9+/])(?=[a-z0-9+/]{0,30}[A-Z])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])",
        _GCP_HMAC,
        4.2,
    ),
    fixed("groq-api-key", "gsk_", run(ALNUM, 52), _GROQ),
    fixed("heroku-api-key", "HRKU-", run(NAME, 36, 80), _HEROKU),
    context("heroku-api-key-legacy", "heroku", UUID, _HEROKU),
    context("hetzner-api-token", "hetzner hcloud", _bare(_mixed(64)), _HETZNER, 4.3),
    Pattern(
        "honeycomb-key",
        ("hcaik_", "hcaic_", "hcalk_", "hcamk_", "hcxik_", "hcxlk_", "hcxmk_"),
        "hc[ax](?:[ilm]k|ic)_" + run(LOWER, 58),
        FIXED,
        _HONEYCOMB,
    ),
    context(
        "honeycomb-key-legacy",
        "honeycomb",
        "(?:[a-f0-9]{32}|(?=[a-z0-9]{0,21}[A-Z])[A-Za-z0-9]{22})(?![A-Za-z0-9])",
        _HONEYCOMB_OLD,
    ),
    context(
        "huawei-secret-key",
        "huaweicloud huawei_cloud hwcloud hw_secret hw_access",
        _bare(_mixed(40)),
        _HUAWEI,
        4.1,
    ),
    fixed("huggingface-org-token", "api_org_", run(ALNUM, 34, 40), _HUGGINGFACE_ORG),
    fixed("huggingface-token", "hf_", run(ALNUM, 34, 40), _HUGGINGFACE),
    context(
        "ibm-cloud-api-key",
        "ibmcloud ibm_cloud ibm-cloud cloud.ibm.com ibm_api bluemix watson_",
        _alone(NAME, 44),
        _IBM,
        4.2,
    ),
    context("ibm-cloud-hmac-secret", "cos_hmac cloud-object-storage", _bare(run(HEX, 48)), _IBM),
    context(
        "influxdb-token",
        "influx",
        "(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{86}==(?![A-Za-z0-9_-])",
        _INFLUX,
    ),
    # Not a name in lower case, such as that of a rule.
    context(
        "instana-api-token",
        "instana",
        "(?<![A-Za-z0-9_-])(?=[a-z0-9_-]{0,21}[A-Z])" + run(NAME, 22),
        _INSTANA,
        3.5,
    ),
    fixed("jina-api-key", "jina_", "[a-f0-9]{32}" + run(NAME, 28), _JINA),
    context("kaggle-api-key", "kaggle", _bare(run(HEX, 32)), _KAGGLE),
    fixed("kaggle-api-token", "KGAT_", run(HEX, 32), _KAGGLE),
    context("koyeb-api-token", "koyeb", _bare(run(LOWER, 64)), _KOYEB, 4.0),
    fixed("langfuse-secret-key", "sk-lf-", UUID, _LANGFUSE),
    fixed("langsmith-pat", "lsv2_pt_", "[a-f0-9]{32}_" + run(HEX, 10), _LANGSMITH),
    fixed("langsmith-service-key", "lsv2_sk_", "[a-f0-9]{32}_" + run(HEX, 10), _LANGSMITH),
    context("linode-token", "linode", _bare(run(HEX, 64)), _LINODE),
    fixed("llamacloud-api-key", "llx-", run(ALNUM, 44, 52), _LLAMA),
    context("logdna-key", "logdna mezmo", "(?:sts_)?" + run(HEX, 32), _LOGDNA),
    context("loggly-token", "loggly", UUID, _LOGGLY),
    context("logzio-token", "logz.io logzio logz_io", _bare(_mixed(32)), _LOGZIO, 3.7),
    fixed("mapbox-secret-token", "sk.eyJ", "[A-Za-z0-9_-]{40,250}[.]" + run(NAME, 22), _MAPBOX),
    context("mistral-api-key", "mistral", _bare(_mixed(32)), _MISTRAL, 3.9),
    context("mixpanel-secret", "mixpanel", _bare(run(HEX, 32)), _MIXPANEL),
    context("mixpanel-service-account", "mixpanel", _bare(_mixed(32)), _MIXPANEL, 3.9),
    context(
        "modal-token",
        "modal_token modal-token modaltoken modal.com modal.run modal.toml",
        "a[ks]-" + _mixed(22),
        _MODAL,
    ),
    context(
        "mongodb-atlas-private-key",
        "mongodb_atlas mongodb-atlas mongodbatlas mcli_ cloud.mongodb.com",
        UUID,
        _MONGODB,
    ),
    fixed("mongodb-atlas-secret", "mdb_sa_sk_", run(NAME, 40), _MONGODB),
    context("moonshot-api-key", "moonshot kimi_", "sk-" + _mixed(48), _MOONSHOT, 4.2),
    fixed("neon-api-key", "napi_", run(ALNUM, 64), _NEON),
    fixed("newrelic-insert-key", "NRII-", run(NAME, 32), _NEWRELIC),
    Pattern(
        "newrelic-license-key",
        ("NRAL",),
        "(?:eu01xx[a-f0-9]{26}|[a-f0-9]{32})FFFFNRAL(?![A-Za-z0-9])",
        STRUCTURE,
        _NEWRELIC,
        lead=36,
    ),
    fixed("newrelic-query-key", "NRIQ-", run(NAME, 32), _NEWRELIC),
    fixed("newrelic-rest-key", "NRRA-", run(HEX, 42), _NEWRELIC),
    fixed("newrelic-user-key", "NRAK-", run(UPPER, 27), _NEWRELIC),
    fixed("nvidia-api-key", "nvapi-", run(NAME, 60, 72), _NVIDIA),
    context("ollama-api-key", "ollama", "[a-f0-9]{32}[.]" + run(NAME, 24), _OLLAMA),
    *(
        fixed(
            f"openai-{kind}-key",
            prefix,
            "[A-Za-z0-9_-]{20,90}T3BlbkFJ" + run(NAME, 20, 90),
            _OPENAI,
        )
        for kind, prefix in (
            ("admin", "sk-admin-"),
            ("project", "sk-proj-"),
            ("service-account", "sk-svcacct-"),
        )
    ),
    Pattern(
        "openai-api-key",
        ("T3BlbkFJ",),
        "sk-(?:None-)?[A-Za-z0-9]{20}T3BlbkFJ" + run(ALNUM, 20),
        STRUCTURE,
        _OPENAI,
        lead=28,
    ),
    fixed("openrouter-api-key", "sk-or-v1-", run(HEX, 64), _OPENROUTER),
    context("opsgenie-api-key", "opsgenie", UUID, _OPSGENIE),
    context(
        "ovh-secret",
        "ovh_app ovhapp ovh-app ovh_consumer ovhconsumer ovh.com ovhcloud",
        _bare(run(ALNUM, 32)),
        _OVH,
    ),
    context(
        "pagerduty-api-token",
        "pagerduty",
        "(?:u[+][A-Za-z0-9_-]{18}|y_[A-Za-z0-9_-]{18})(?![A-Za-z0-9_+-])",
        _PAGERDUTY,
    ),
    fixed("perplexity-api-key", "pplx-", run(ALNUM, 48, 56), _PERPLEXITY),
    fixed("pinecone-api-key", "pcsk_", "[A-Za-z0-9]{5,6}_" + run(ALNUM, 60, 70), _PINECONE),
    context("pinecone-api-key-legacy", "pinecone", UUID, _PINECONE),
    fixed("planetscale-oauth-token", "pscale_oauth_", run("A-Za-z0-9_.-", 32, 64), _PLANETSCALE),
    fixed("planetscale-password", "pscale_pw_", run("A-Za-z0-9_.-", 32, 64), _PLANETSCALE),
    fixed("planetscale-token", "pscale_tkn_", run("A-Za-z0-9_.-", 32, 64), _PLANETSCALE),
    fixed("posthog-personal-key", "phx_", run(ALNUM, 40, 56), _POSTHOG),
    fixed("posthog-project-secret", "phs_", run(ALNUM, 40, 56), _POSTHOG),
    context("qdrant-api-key", "qdrant", _alone(NAME, 54), _QDRANT, 4.2),
    fixed(
        "qstash-token",
        "eyJVc2VySUQiOi",
        "[IJ][A-Za-z0-9+/]{48}iLCJQYXNzd29yZCI6I[A-Za-z0-9+/]{40,60}={0,2}(?![A-Za-z0-9+/])",
        _UPSTASH,
    ),
    context(
        "railway-token",
        "railway_ railway- railwaytoken railway.app railway.com railway:",
        UUID,
        _RAILWAY,
    ),
    context(
        "raygun-api-key",
        "raygun",
        "(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{22}(?:==)?(?![A-Za-z0-9+/])",
        _RAYGUN,
        3.5,
    ),
    context(
        "redis-cloud-secret", "rediscloud redislabs", "S[a-z0-9]{40,52}(?![A-Za-z0-9])", _REDIS, 4.0
    ),
    fixed("render-api-key", "rnd_", run(ALNUM, 24, 40), _RENDER),
    fixed("replicate-api-token", "r8_", run(ALNUM, 37, 40), _REPLICATE),
    context("roboflow-api-key", "roboflow", _bare(_mixed(20)), _ROBOFLOW, 3.3),
    context("rollbar-access-token", "rollbar", _bare(run(HEX, 32)), _ROLLBAR),
    fixed("rootly-api-key", "rootly_", run(HEX, 64), _ROOTLY),
    context("rudderstack-token", "rudderstack", _bare(_mixed(27)), _RUDDERSTACK, 3.6),
    fixed("runpod-api-key", "rpa_", run(ALNUM, 40, 52), _RUNPOD),
    context("scaleway-secret-key", "scaleway scw_", UUID, _SCALEWAY),
    fixed("segment-api-token", "sgp_", run(ALNUM, 64), _SEGMENT),
    context("serpapi-key", "serpapi serp_api", _bare(run(HEX, 64)), _SERPAPI),
    context("splunk-hec-token", "splunk", UUID, _SPLUNK),
    context(
        "splunk-observability-token",
        "signalfx splunk_access splunk-access splunkaccess splunk_observability",
        _bare(_mixed(22)),
        _SPLUNK,
        3.5,
    ),
    context(
        "stability-api-key",
        "stability.ai stability_ stabilityai stability-ai",
        "sk-" + _mixed(48),
        _STABILITY,
    ),
    context("statuscake-api-key", "statuscake", _bare(_mixed(20, 32)), _STATUSCAKE, 3.5),
    context("sumologic-access-key", "sumologic sumo_ sumo-", _bare(_mixed(64)), _SUMO, 4.3),
    # A word such as `oauth_` may stand before the digits.
    fixed("supabase-management-token", "sbp_", "(?:[a-z0-9]{2,8}_)?" + run(HEX, 40), _SUPABASE_CLI),
    fixed("supabase-secret-key", "sb_secret_", run(NAME, 31), _SUPABASE),
    fixed("tavily-api-key", "tvly-", run(NAME, 32, 80), _TAVILY),
    fixed("tencent-secret-id", "AKID", run(ALNUM, 32), _TENCENT),
    context("tencent-secret-key", "tencent qcloud akid", _bare(_mixed(32)), _TENCENT, 3.9),
    fixed("together-api-key", "tgp_v1_", run(NAME, 43), _TOGETHER),
    fixed("upcloud-api-token", "ucat_", run(UPPER, 24, 32), _UPCLOUD),
    context(
        "upstash-rest-token",
        "upstash",
        "(?<![A-Za-z0-9+/_-])A[A-Za-z0-9+/_-]{39,90}={0,2}(?![A-Za-z0-9+/_-])",
        _UPSTASH,
        4.0,
    ),
    context(
        "uptimerobot-api-key",
        "uptimerobot uptime_robot",
        "(?:ur?|m)[0-9]{6,10}-" + run(HEX, 24),
        _UPTIMEROBOT,
    ),
    context("victorops-api-key", "victorops x-vo-api-key", _bare(run(HEX, 32)), _VICTOROPS),
    context("voyage-api-key", "voyageai voyage_ voyage-", "(?:pa|al)-" + run(NAME, 43), _VOYAGE),
    context("vultr-api-key", "vultr", _bare(run(UPPER, 36)), _VULTR),
    fixed("wandb-api-key", "wandb_v1_", run(WORD, 77), _WANDB),
    # The keys of a server of one's own begin with a word and a hyphen.
    context(
        "wandb-api-key-legacy",
        "wandb weightsandbiases",
        _bare("(?:[a-z]{1,16}-)?" + run(HEX, 40)),
        _WANDB_OLD,
    ),
    context("weaviate-api-key", "weaviate wcs_api wcd_api", _bare(_mixed(36)), _WEAVIATE, 4.0),
    fixed("xai-api-key", "xai-", run(ALNUM, 70, 120), _XAI),
    fixed("yandex-api-key", "AQVN", run(NAME, 34, 40), _YANDEX),
    context(
        "yandex-iam-token",
        "yandex yc_token",
        r"t1[.][A-Za-z0-9_-]{20,500}={0,2}[.][A-Za-z0-9_-]{86}={0,2}(?![A-Za-z0-9_-])",
        _YANDEX,
    ),
    context("yandex-oauth-token", "yandex yc_token", "y[0-3]_" + run(NAME, 40, 64), _YANDEX),
    context("yandex-static-key", "yandex ycaj", "YC" + run(NAME, 38), _YANDEX),
    context(
        "zhipu-api-key",
        "zhipu bigmodel z.ai zai_api zai-api zaiapi",
        "[a-f0-9]{32}[.]" + run(ALNUM, 16),
        _ZHIPU,
    ),
)
