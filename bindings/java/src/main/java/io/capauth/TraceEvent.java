// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** The start or the end of a call. */
public final class TraceEvent {
    private final int event;
    private final long callId;
    private final String operation;
    private final int result;
    private final int httpStatus;
    private final int attempts;
    private final int durationMillis;

    TraceEvent(int event, long callId, String operation, int result, int httpStatus, int attempts, int durationMillis) {
        this.event = event;
        this.callId = callId;
        this.operation = operation;
        this.result = result;
        this.httpStatus = httpStatus;
        this.attempts = attempts;
        this.durationMillis = durationMillis;
    }

    /** False for the start of the call, which has the same id. */
    public boolean ended() {
        return event == Native.TRACE_END;
    }

    /** The same at start and end, and no other call's of this client. */
    public long callId() {
        return callId;
    }

    /** Such as otp_validate. */
    public String operation() {
        return operation;
    }

    /** The outcome: 0 or an {@link ErrorCode}. */
    public int result() {
        return result;
    }

    /** 0 when no HTTP answer arrived. */
    public int httpStatus() {
        return httpStatus;
    }

    /** How many requests were sent. */
    public int attempts() {
        return attempts;
    }

    /** Since the start. */
    public long durationMillis() {
        return durationMillis;
    }

    @Override
    public String toString() {
        return operation + (ended() ? " ended: result " + result + ", " + durationMillis + " ms" : " started");
    }
}
