package org.lethe.spark;

import java.io.IOException;
import java.io.Serializable;
import org.lethe.LetheException;
import org.lethe.LetheException.Code;
import org.lethe.Workers;
import scala.Function1;
import scala.collection.Iterator;

/**
 * What an executor does: reads one task, runs it in its thread alone, and gives back the result or the exception.
 *
 * <p>An exception is a result like any other, so Spark does not repeat the task. An {@code Error}, as of memory or of a missing class, is
 * the fault of the place: Spark runs the task again, elsewhere if it can.
 */
final class Carried implements Function1<Iterator<byte[]>, byte[]>, Serializable {
    private static final long serialVersionUID = 1L;

    /** How a task ended. */
    sealed interface Outcome extends Serializable {}

    /** With a result. */
    record Result(Object value) implements Outcome {}

    /** With an exception. */
    record Failure(Exception exception) implements Outcome {}

    /** A place could not do its part. */
    static final class Unfit extends Error {
        private static final long serialVersionUID = 1L;

        Unfit(String message, Throwable cause) {
            super(message, cause);
        }
    }

    @Override
    public byte[] apply(Iterator<byte[]> partition) {
        Workers.Task<?> task;
        try {
            task = (Workers.Task<?>) Bytes.read(partition.next());
        } catch (IOException | ClassNotFoundException e) {
            throw new Unfit("an executor cannot read a task, expected the same version of Lethe: " + e, e);
        }
        Outcome outcome;
        try {
            outcome = new Result(task.run(Workers.here()));
        } catch (RuntimeException e) {
            outcome = new Failure(e);
        }
        try {
            return Bytes.of(outcome);
        } catch (IOException e) {
            return bytes(new Failure(plain(outcome, e)));
        }
    }

    /** What stands for an outcome that cannot travel. */
    private static LetheException plain(Outcome outcome, IOException why) {
        return switch (outcome) {
            case Result _ -> new LetheException(Code.DEFECT, "the result of a task cannot travel: " + why);
            case Failure(LetheException known) -> new LetheException(known.code(), known.getMessage());
            case Failure(Exception other) -> new LetheException(Code.DEFECT, other.toString());
        };
    }

    private static byte[] bytes(Outcome outcome) {
        try {
            return Bytes.of(outcome);
        } catch (IOException e) {
            throw new IllegalStateException("text and a code always travel", e);
        }
    }
}
