package org.lethe;

import java.util.Optional;

/**
 * An error that a user can run into. Its message names the file, the key, the value and the expected value; its code is
 * stable.
 *
 * <p>The message is complete by itself; the command prints it without a stack trace. It holds no control characters,
 * whatever is in the names and values that it cites.
 */
public class LetheException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The kinds of trouble; each has an exit code of the command. */
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
        super(Printable.lines(message));
        this.code = code;
    }

    public LetheException(Code code, String message, Throwable cause) {
        super(Printable.lines(message), cause);
        this.code = code;
    }

    /** The whole message; never absent. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    /** The message of the exception that a check throws; empty where it throws none. */
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
