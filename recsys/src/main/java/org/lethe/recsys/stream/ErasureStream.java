package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Bandwagon;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.ItemGroups;

/**
 * A stream of erasure requests, one user after another, which are served one by one (ERASE, 2026).
 *
 * <p>The order is drawn once from the seed. A request names training events of its user; events of the same kind in the
 * validation and test parts are not scored any more. After some numbers of requests the model is compared with one that is
 * trained without everything requested so far, on the same examples.
 *
 * <p>A request that takes longer than the deadline is late. Where its method is approximate, its result is thrown away, and
 * the request waits for a replay: a training on what remains, at the next measuring point. So does a request whose result
 * is not finite. A method whose quality on the validation part falls below {@code stop} times that of the model before is
 * replaced by replay for the rest of the stream. The published code counts a request that ran out of time as done.
 *
 * <p>{@code requests: 0} is a request that changes nothing. More requests than there are users who can ask are refused.
 *
 * @param kind what is asked: users (everything a user did), sensitive (what a user did with items of a category), or spam
 *     (everything an injected user did; needs data such as {@code bandwagon})
 * @param category the category, for sensitive; empty for the first of the data, or, where it has none, for a twentieth of
 *     the items chosen by a hash of their ids
 * @param requests how many
 * @param measure numbers of requests after which the model is measured; the end of the stream always is
 * @param deadline seconds that a request may take; 0 for none
 * @param stop smallest share of the quality before that a method may keep; 0 for none
 * @param seed of the order
 */
@Named("stream")
public record ErasureStream(
        Kind kind, String category, int requests, List<Integer> measure, double deadline, double stop, long seed)
        implements Request {
    /** What the users ask for. */
    public enum Kind {
        /** All that a user did is to go. */
        USERS,
        /** All that a user did with items of one category is to go. */
        SENSITIVE,
        /** All that an injected user did is to go. */
        SPAM
    }

    public ErasureStream {
        measure = List.copyOf(measure);
        Check.require(requests >= 0, "requests", requests, "at least 0");
        Check.require(
                measure.stream().allMatch(n -> n >= 1), "measure", measure, "numbers of requests, each at least 1");
        Check.require(deadline >= 0, "deadline", deadline, "seconds, at least 0");
        Check.require(stop >= 0 && stop < 1, "stop", stop, "at least 0 and below 1");
        Check.require(
                kind == Kind.SENSITIVE || category.isEmpty(), "category", category, "nothing unless kind is sensitive");
    }

    /** A hundred users leave; measured after 1, 10 and 100. */
    public ErasureStream() {
        this(Kind.USERS, 100, 1, 10, 100);
    }

    /** A stream without a deadline, with the default stop rule and seed. */
    public ErasureStream(Kind kind, int requests, Integer... measure) {
        this(kind, "", requests, List.of(measure), 0, 0.95, 42);
    }

    /**
     * A stream on some data.
     *
     * @param erased the events of each request, in the order of arrival
     * @param points ascending numbers of requests after which the model is measured
     * @param watched which items must not be recommended any more, for sensitive and spam; else none
     */
    public record Arrivals(List<int[]> erased, int[] points, boolean[] watched) {
        /** The data after some requests. */
        public Events after(int requests, Events data) {
            return data.without(Serving.bits(erased.subList(0, requests), data.size()));
        }
    }

    /** The requests in the order of their arrival. */
    public Arrivals on(Events data) {
        boolean[] watched = new boolean[data.itemCount()];
        if (kind == Kind.SENSITIVE) {
            watched = ItemGroups.of(data, category);
        }
        boolean[] wanted = watched;
        IntPredicate asked = kind == Kind.SENSITIVE ? e -> wanted[data.item(e)] : e -> data.holds(e);
        IntPredicate asks = kind == Kind.SPAM ? Bandwagon.fakes(data) : u -> true;
        List<int[]> all = new ArrayList<>();
        Keyed order = Keyed.seed(seed).of("stream");
        List<Integer> users = IntStream.range(0, data.userCount())
                .filter(asks)
                .boxed()
                .sorted(Comparator.comparingLong(u -> order.at(u)))
                .toList();
        for (int u : users) {
            int[] events = IntStream.range(data.from(data.firstGroup(u)), data.to(data.endOfGroups(u) - 1))
                    .filter(data::holds)
                    .filter(asked)
                    .toArray();
            if (Arrays.stream(events).anyMatch(data::trains)) {
                all.add(events);
            }
        }
        if (requests > all.size()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "stream.requests is " + requests + ", expected at most " + all.size()
                            + ", the number of users with such training events in this data");
        }
        if (kind == Kind.SPAM) {
            watched = Bandwagon.targets(data);
        }
        int[] points = IntStream.concat(
                        measure.stream().mapToInt(Integer::intValue).filter(n -> n < requests), IntStream.of(requests))
                .filter(n -> n > 0)
                .sorted()
                .distinct()
                .toArray();
        return new Arrivals(List.copyOf(all.subList(0, requests)), points, watched);
    }

    /** The part on which the stop rule looks. */
    static Part watchedPart() {
        return Part.VALIDATION;
    }
}
