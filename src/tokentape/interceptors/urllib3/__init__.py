"""urllib3, and with it requests, botocore, azure-core, google-auth: one attempt of a pool at a time."""

from tokentape.interceptors.urllib3.interceptor import Urllib3Interceptor as Urllib3Interceptor
