package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.lethe.Audit;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Injected;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest;
import org.lethe.recsys.forget.Forgetting;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.ItemGroups;
import org.lethe.tables.Entities;

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
        implements ForgetRequest {
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
     * A stream on some sessions or baskets.
     *
     * @param erased the events of each request, in the order of arrival
     * @param points ascending numbers of requests after which the model is measured
     * @param watched which items must not be recommended any more, for sensitive and spam; else none
     */
    public record Arrivals(List<int[]> erased, int[] points, boolean[] watched) {
        /** The data after some requests. */
        public Events after(int requests, Events data) {
            BitSet gone = new BitSet(data.size());
            erased.subList(0, requests)
                    .forEach(request -> Arrays.stream(request).forEach(gone::set));
            return data.without(gone);
        }
    }

    /** The requests in the order of their arrival. */
    public Arrivals on(Events data) {
        boolean[] wanted = wanted(data.items());
        List<int[]> all = new ArrayList<>();
        for (int u : users(data.users(), u -> u)) {
            int[] events = IntStream.range(data.from(data.firstGroup(u)), data.to(data.endOfGroups(u) - 1))
                    .filter(e -> data.holds(e) && wanted[data.item(e)])
                    .toArray();
            if (Arrays.stream(events).anyMatch(data::trains)) {
                all.add(events);
            }
        }
        requireEnough(all.size());
        return new Arrivals(List.copyOf(all.subList(0, requests)), points(), watched(data.items()));
    }

    /**
     * A stream on some lists.
     *
     * @param users who ask, in the order of arrival
     * @param wanted which items a request is about
     * @param points ascending numbers of requests after which the model is measured
     * @param watched which items must not be recommended any more, for sensitive and spam; else none
     * @param whole whether a request is about all that a user did
     */
    record Asked(int[] users, boolean[] wanted, int[] points, boolean[] watched, boolean whole) {
        /** One request on data in which it is still there. */
        Forgotten request(int number, Split data) {
            return of(new int[] {users[number]}, data);
        }

        /** The first requests as one. */
        Forgotten first(int requests, Split data) {
            return of(Arrays.copyOf(users, requests), data);
        }

        private Forgotten of(int[] who, Split data) {
            if (whole) {
                return Forgotten.ofUsers(data, who);
            }
            BitSet asking = new BitSet();
            Arrays.stream(who).forEach(asking::set);
            return Forgotten.ofPairs(data, (u, i) -> wanted[i] && asking.get(u));
        }
    }

    /** Why an audit of streams does not look at a request, if so. */
    static Optional<String> unsuited(Audit<?, ?> audit, Request request) {
        return request instanceof ErasureStream
                ? Optional.empty()
                : Optional.of(Named.Of.name(audit) + " looks at streams of requests, not at " + Named.Of.name(request));
    }

    /** The requests in the order of their arrival. */
    Asked on(Split data) {
        Interactions train = data.train();
        boolean[] wanted = wanted(train.itemEntities());
        int[] all = users(train.userEntities(), train::userKey).stream()
                .mapToInt(Integer::intValue)
                .filter(u -> IntStream.range(train.from(u), train.to(u)).anyMatch(k -> wanted[train.item(k)]))
                .toArray();
        requireEnough(all.length);
        return new Asked(
                Arrays.copyOf(all, requests), wanted, points(), watched(train.itemEntities()), kind != Kind.SENSITIVE);
    }

    /** All requests as one, on lists. */
    @Override
    public Forgotten resolve(Split data) {
        return on(data).first(requests, data);
    }

    @Override
    public boolean atOnce() {
        return false;
    }

    @Override
    public int trainings(Learner<Split, Recommender> learner) {
        return trainings(StreamedLists.seeded(learner));
    }

    /** One training at each measuring point, and those of other seeds where a model depends on its seed. */
    int trainings(boolean seeded) {
        return points().length * (seeded ? 1 + Serving.OTHER_SEEDS : 1);
    }

    /** Serves one request after another, or trains again at the measuring points, on lists. */
    @Override
    public Recommender fulfilled(
            Forgetting method, Recommender model, Learner<Split, Recommender> learner, Split data, Env env) {
        if (requests == 0) {
            return model;
        }
        Asked asked = on(data);
        return new StreamedLists(
                method instanceof org.lethe.recsys.forget.Retrain
                        ? Serving.retrained(
                                asked.points(),
                                n -> asked.first(n, data).remaining(),
                                learner,
                                StreamedLists.seeded(learner),
                                env)
                        : Serving.served(this, new ListRound(method, learner, asked, data), model, env));
    }

    /** Which items requests are about. */
    private boolean[] wanted(Entities items) {
        if (kind == Kind.SENSITIVE) {
            return ItemGroups.of(items, category);
        }
        boolean[] all = new boolean[items.size()];
        Arrays.fill(all, true);
        return all;
    }

    private boolean[] watched(Entities items) {
        return switch (kind) {
            case USERS -> new boolean[items.size()];
            case SENSITIVE -> ItemGroups.of(items, category);
            case SPAM -> Injected.targets(items);
        };
    }

    /** Those who may ask, in the order of their arrival. */
    private List<Integer> users(Entities users, IntUnaryOperator keyOf) {
        IntPredicate asks = kind == Kind.SPAM ? Injected.users(users) : u -> true;
        Keyed order = Keyed.seed(seed).of("stream");
        return IntStream.range(0, users.size())
                .filter(asks)
                .boxed()
                .sorted(Comparator.comparingLong(u -> order.at(keyOf.applyAsInt(u))))
                .toList();
    }

    private void requireEnough(int able) {
        if (requests > able) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "stream.requests is " + requests + ", expected at most " + able
                            + ", the number of users with such training events in this data");
        }
    }

    private int[] points() {
        return IntStream.concat(
                        measure.stream().mapToInt(Integer::intValue).filter(n -> n < requests), IntStream.of(requests))
                .filter(n -> n > 0)
                .sorted()
                .distinct()
                .toArray();
    }

    /** The part on which the stop rule looks. */
    static Part watchedPart() {
        return Part.VALIDATION;
    }
}
