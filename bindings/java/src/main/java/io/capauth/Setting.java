// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.Locale;

/** The client's options: which function of C sets each. */
enum Setting {
    ALLOW_HTTP,
    CLUSTER,
    BASE_URL,
    GATEWAY_URL,
    TIMEOUT_MILLIS,
    CONNECT_TIMEOUT_MILLIS,
    MAX_RETRIES,
    MAX_CONNECTIONS,
    HTTP2,
    CA_FILE,
    CA_PEM,
    TLS_MIN,
    PINNED_KEYS,
    CLIENT_CERT,
    CLIENT_KEY,
    PROXY,
    USER_AGENT,
    HEADER,
    REFRESH_MARGIN_MILLIS,
    AUTO_REFRESH,
    CLOCK_OFFSET_MILLIS,
    CAP_MOBILE;

    /** As the builder's method is called. */
    @Override
    public String toString() {
        return JavaNames.of(name().toLowerCase(Locale.ROOT));
    }

    int apply(ClientHandle client, byte[] name, byte[] text, long number) {
        int small = Millis.of(number);
        switch (this) {
            case ALLOW_HTTP:
                return Native.client_set_allow_http(client, small);
            case CLUSTER:
                return Native.client_set_cluster(client, text);
            case BASE_URL:
                return Native.client_set_base_url(client, text);
            case GATEWAY_URL:
                return Native.client_set_gateway_url(client, text);
            case TIMEOUT_MILLIS:
                return Native.client_set_timeout_ms(client, small);
            case CONNECT_TIMEOUT_MILLIS:
                return Native.client_set_connect_timeout_ms(client, small);
            case MAX_RETRIES:
                return Native.client_set_max_retries(client, small);
            case MAX_CONNECTIONS:
                return Native.client_set_max_connections(client, small);
            case HTTP2:
                return Native.client_set_http2(client, small);
            case CA_FILE:
                return Native.client_set_ca_file(client, text);
            case CA_PEM:
                return Native.client_set_ca_pem(client, text);
            case TLS_MIN:
                return Native.client_set_tls_min(client, text);
            case PINNED_KEYS:
                return Native.client_set_pinned_keys(client, text);
            case CLIENT_CERT:
                return Native.client_set_client_cert(client, text);
            case CLIENT_KEY:
                return Native.client_set_client_key(client, text);
            case PROXY:
                return Native.client_set_proxy(client, text);
            case USER_AGENT:
                return Native.client_set_user_agent(client, text);
            case HEADER:
                return Native.client_add_header(client, name, text);
            case REFRESH_MARGIN_MILLIS:
                return Native.client_set_refresh_margin_ms(client, small);
            case AUTO_REFRESH:
                return Native.client_set_auto_refresh(client, small);
            case CLOCK_OFFSET_MILLIS:
                return Native.client_set_clock_offset_ms(client, number);
            case CAP_MOBILE:
                return Native.client_set_cap_mobile(client, small);
            default:
                throw new AssertionError(this);
        }
    }
}
