package org.lethe.federated.network;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lethe.federated.SiteTable;
import org.lethe.federated.network.Message.Code;
import org.lethe.federated.network.Message.Reply;
import org.lethe.federated.network.Message.Task;

/**
 * Judges whether what a site sent can be the reply to its task.
 *
 * @param asked the task
 * @param weights of the model that the task is about
 * @param rows of the site
 * @param groups of people; 0 before they are agreed on
 * @param cells numbers of a histogram of scores
 * @param norms lengths of the updates of the last rounds
 */
record Inspection(Task asked, float[] weights, int rows, int groups, int cells, List<double[]> norms) {
    /** How many rounds there are whose norms an update is compared with. */
    static final int ROUNDS = 5;

    private static final double LARGE = 10; // times their median

    /**
     * What is wrong with a reply.
     *
     * @param code of the refusal
     * @param reason in words
     */
    record Fault(Code code, String reason) {}

    /** What is wrong; empty where nothing is. */
    Optional<Fault> fault(Reply reply) {
        return switch (reply) {
            case Reply.ProfileReply(var profile) -> asked instanceof Task.ProfileTask ? profile(profile) : otherKind();
            case Reply.StatsReply(var histogram, var records) ->
                asked instanceof Task.StatsTask ? statistics(histogram, records) : otherKind();
            case Reply.TrainReply update -> asked instanceof Task.TrainTask ? update(update) : otherKind();
            case Reply.EvalReply(var counts) -> asked instanceof Task.EvalTask ? counts(counts) : otherKind();
        };
    }

    private static Optional<Fault> fault(Code code, String reason) {
        return Optional.of(new Fault(code, reason));
    }

    private static Optional<Fault> otherKind() {
        return fault(Code.MALFORMED, "the reply is of another kind than the task");
    }

    private static Optional<Fault> profile(SiteTable.Profile profile) {
        long inGroups =
                profile.groups().stream().mapToLong(SiteTable.Cell::rows).sum();
        return inGroups <= profile.rows()
                ? Optional.empty()
                : fault(Code.INCONSISTENT, "groups have more rows than the table");
    }

    private Optional<Fault> counts(long[] counts) {
        int expected = 4 * (groups + 1);
        if (counts.length != expected) {
            return fault(Code.MALFORMED, "counts are " + counts.length + ", expected " + expected);
        }
        return Arrays.stream(counts).anyMatch(c -> c < 0 || c > Integer.MAX_VALUE)
                ? fault(Code.INCONSISTENT, "a count is negative")
                : Optional.empty();
    }

    private Optional<Fault> statistics(int[] histogram, int records) {
        if (histogram.length != cells) {
            return fault(Code.MALFORMED, "the histogram has " + histogram.length + " numbers, expected " + cells);
        }
        long sum = 0;
        for (int count : histogram) {
            if (count < 0) {
                return fault(Code.INCONSISTENT, "a count is " + count + ", expected at least 0");
            }
            sum += count;
        }
        return sum != records || records > rows
                ? fault(
                        Code.INCONSISTENT,
                        "the histogram counts " + sum + " records of " + records + ", the site has " + rows)
                : Optional.empty();
    }

    private Optional<Fault> update(Reply.TrainReply reply) {
        float[] w = reply.weights();
        if (w.length != weights.length) {
            return fault(Code.MALFORMED, "the update has " + w.length + " weights, expected " + weights.length);
        }
        if (reply.records() != rows) {
            return fault(Code.INCONSISTENT, "the update is of " + reply.records() + " records, the site has " + rows);
        }
        for (float weight : w) {
            if (!Float.isFinite(weight)) {
                return fault(Code.NOT_FINITE, "a weight of the update is " + weight);
            }
        }
        double norm = norm(weights, w);
        double[] before =
                norms.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
        return before.length > 0 && norm > LARGE * before[before.length / 2]
                ? fault(
                        Code.TOO_LARGE,
                        "the norm of the update is " + norm + ", expected at most " + LARGE
                                + " times the median of the last " + ROUNDS + " rounds, " + before[before.length / 2])
                : Optional.empty();
    }

    /** The length of an update. */
    static double norm(float[] before, float[] after) {
        double squares = 0;
        for (int k = 0; k < before.length; k++) {
            double difference = (double) after[k] - before[k];
            squares += difference * difference;
        }
        return Math.sqrt(squares);
    }
}
