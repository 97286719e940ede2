package org.lethe;

import java.util.Optional;

/**
 * What a user can run into: a message that names the file, the key, the value and what was expected, with a stable code.
 *
 * <p>The message is complete by itself; the command prints it without a stack trace.
 */
public class LetheException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What kind of trouble it is; the exit codes of the command follow it. */
    public enum Code {
        /** A study file, an option or a request that cannot be carried out as written. */
        STUDY,
        /** Data that is missing, broken or not what it claims to be. */
        DATA,
        /** A number that is not finite, or an algorithm that cannot go on. */
        NUMERIC,
        /** A file or folder that cannot be read or written. */
        STORAGE,
        /** A publisher's address that cannot be reached or gives something else. */
        NETWORK,
        /** An exception nobody expected: a defect of Lethe itself. */
        DEFECT
    }

    private final Code code;

    public LetheException(Code code, String message) {
        super(message);
        this.code = code;
    }

    public LetheException(Code code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** The whole story; never absent. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    /** What a check refuses, in the words of its exception; empty where it refuses nothing. */
    public static Optional<String> refusal(Runnable check) {
        try {
            check.run();
            return Optional.empty();
        } catch (LetheException refused) {
            return Optional.of(refused.getMessage());
        }
    }

    /** The kind of trouble. */
    public Code code() {
        return code;
    }
}
