package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.recsys.sequence.Events.Part;

/** How events are divided into training, validation and test. It is done once, on all data, and kept for every request. */
public final class SequenceSplits {
    /** A way to divide sessions. */
    public enum Protocol {
        /** The sessions of the last day are the test, those of the day before the validation part. */
        LAST_DAY,
        /** The last tenth of each user's clicks is the test, the tenth before it the validation part (ERASE). */
        EACH_USER
    }

    /** Seconds of a day. */
    static final long DAY = 86_400;

    private static final double TENTH = 0.1;

    private SequenceSplits() {}

    /**
     * The parts of a protocol.
     *
     * @param second how long a second is, in the unit of the times
     */
    static Events by(Protocol protocol, Events events, long second) {
        return switch (protocol) {
            case LAST_DAY -> lastDay(events, DAY * second);
            case EACH_USER -> eachUser(events);
        };
    }

    /**
     * Sessions by the day of their last click. Items that training lacks are taken out of the other parts.
     *
     * @param day how long a day is, in the unit of the times
     */
    static Events lastDay(Events events, long day) {
        long[] ends = new long[events.groupCount()];
        for (int g = 0; g < ends.length; g++) {
            ends[g] = IntStream.range(events.from(g), events.to(g))
                    .mapToLong(events::time)
                    .max()
                    .orElse(Long.MIN_VALUE);
        }
        long last = Math.floorDiv(Arrays.stream(ends).max().orElse(0), day);
        Part[] partOf = new Part[ends.length];
        for (int g = 0; g < ends.length; g++) {
            long at = Math.floorDiv(ends[g], day);
            partOf[g] = at == last ? Part.TEST : at == last - 1 ? Part.VALIDATION : Part.TRAIN;
        }
        return known(parts(events, partOf));
    }

    /** One part a group. */
    static Events parts(Events events, Part[] partOf) {
        Part[] parts = new Part[events.size()];
        Arrays.setAll(parts, e -> partOf[events.group(e)]);
        return events.split(parts);
    }

    /** The clicks of each user in order: the last tenth, rounded down but at least one of three, is for testing. */
    static Events eachUser(Events events) {
        Part[] parts = new Part[events.size()];
        Arrays.fill(parts, Part.TRAIN);
        for (int u = 0; u < events.userCount(); u++) {
            int from = events.from(events.firstGroup(u));
            int to = events.to(events.endOfGroups(u) - 1);
            int held = to - from < 3 ? 0 : Math.max(1, (int) (TENTH * (to - from)));
            Arrays.fill(parts, to - held, to, Part.TEST);
            Arrays.fill(parts, to - 2 * held, to - held, Part.VALIDATION);
        }
        return events.split(parts);
    }

    /**
     * The last basket of each user with enough of them is the test, the one before it the validation part.
     *
     * @param fewest baskets of such a user
     */
    static Events leaveLastOut(Events events, int fewest) {
        Check.require(fewest >= 3, "fewest", fewest, "at least 3");
        Part[] partOf = new Part[events.groupCount()];
        Arrays.fill(partOf, Part.TRAIN);
        for (int u = 0; u < events.userCount(); u++) {
            int end = events.endOfGroups(u);
            if (end - events.firstGroup(u) >= fewest) {
                partOf[end - 1] = Part.TEST;
                partOf[end - 2] = Part.VALIDATION;
            }
        }
        return parts(events, partOf);
    }

    /** Without the events of validation and test whose items training lacks. */
    private static Events known(Events events) {
        boolean[] trained = new boolean[events.itemCount()];
        for (int e = 0; e < events.size(); e++) {
            trained[events.item(e)] |= events.trains(e);
        }
        BitSet unknown = new BitSet(events.size());
        for (int e = 0; e < events.size(); e++) {
            unknown.set(e, !trained[events.item(e)]);
        }
        return events.without(unknown);
    }
}
