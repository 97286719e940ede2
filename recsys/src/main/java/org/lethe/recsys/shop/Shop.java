package org.lethe.recsys.shop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SequencedMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.data.Splits;
import org.lethe.recsys.forget.ForgetRequest;
import org.lethe.tables.Entities;

/**
 * A recommender in use, in a folder: it recommends, learns what was added, and forgets.
 *
 * <pre>{@code
 * Shop shop = Shop.open(Path.of("shop"));
 * List<Shop.Ranked> list = shop.recommend("C-00100", 10);
 * shop.forget(Erasure.ofUsers(List.of("C-00017")), Shop.Keep.NOTHING, false, Env.seeded(0));
 * }</pre>
 *
 * <p>The folder holds the interactions, the model with its partition where it has one, and a history in which each line has the digest of
 * the line before. A change is written beside the current version; then one renaming makes it current, and the old version, which
 * still holds what was forgotten, is deleted. Killed at any point, the folder has the old version or the new one.
 *
 * <p>Safe for many threads: those that recommend go on with the old version until the new one is complete. One process at a time may change
 * a folder.
 */
public final class Shop {
    private static final Recsys SUBJECT = new Recsys();

    /** An erasure by which methods say whether they can carry one out. */
    static final Erasure ANY = Erasure.ofUsers(List.of("any"));

    private final VersionFolder versions;
    private volatile Version current;

    /**
     * An item of a list.
     *
     * @param item id
     * @param score by which items are ranked
     */
    public record Ranked(String item, float score) {}

    /**
     * How long the version before stays, from which an erased person could be read.
     *
     * @param time after which the next command deletes it
     */
    public record Keep(Duration time) {
        /** Deleted at once. */
        public static final Keep NOTHING = new Keep(Duration.ZERO);
    }

    /**
     * What a change did.
     *
     * @param version that is current now
     * @param users that were asked for
     * @param items that were asked for
     * @param removed interactions that are gone
     * @param added interactions that are new
     * @param newUsers users who were not there before
     * @param newItems items that were not there before
     * @param interactions that are left
     * @param promise of the method
     * @param verified whether a training without the data gave the same bits; empty where it was not asked for
     * @param seconds without the verification
     */
    public record Change(
            int version,
            int users,
            int items,
            long removed,
            long added,
            int newUsers,
            int newItems,
            long interactions,
            Exactness promise,
            Optional<Boolean> verified,
            double seconds) {}

    private Shop(VersionFolder versions, Version current) {
        this.versions = versions;
        this.current = current;
    }

    /** Trains a model and makes a folder of it, which must not be there yet or be empty. */
    public static Shop train(
            Path folder,
            Interactions all,
            Learner<Split, Recommender> learner,
            Method<Split, Recommender> method,
            double test,
            double validation,
            Columns columns,
            Env env)
            throws IOException {
        VersionFolder versions = new VersionFolder(folder);
        versions.requireNew();
        method.unsuited(ANY, learner).ifPresent(why -> {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    why + "; expected one of "
                            + SUBJECT.methods().stream()
                                    .filter(m -> m.unsuited(ANY, learner).isEmpty())
                                    .map(Named.Of::name)
                                    .collect(Collectors.joining(", ")));
        });
        Files.createDirectories(folder); // whether it can be there is known before the training
        Split data = Splits.random(all, test, validation, env.seed());
        long from = System.nanoTime();
        Recommender model = method.learn(learner, data, env);
        double seconds = (System.nanoTime() - from) / 1e9;
        Version.Settings settings = Version.Settings.of(learner, method, env.seed(), test, validation, columns);
        Shop shop = new Shop(versions, new Version(settings, data, model, List.of()));
        try (Hold hold = versions.hold()) {
            shop.become(shop.current, event("train", method, data, seconds), Keep.NOTHING, hold);
        }
        return shop;
    }

    /**
     * The columns of the owner's files.
     *
     * @param users ids of users
     * @param items ids of items
     * @param value such as stars; empty without
     * @param time of an interaction; empty without
     */
    public record Columns(String users, String items, String value, String time) {}

    /** The recommender of a folder. */
    public static Shop open(Path folder) throws IOException {
        VersionFolder versions = new VersionFolder(folder);
        Shop shop = new Shop(versions, versions.read());
        versions.sweep();
        return shop;
    }

    /** The events, oldest first. */
    List<History.Event> events() {
        return current.events();
    }

    /** The columns of the owner's files. */
    public Columns columns() {
        return current.settings().columns();
    }

    Version version() {
        return current;
    }

    /** The best items for a user that the user has not interacted with, best first. */
    public List<Ranked> recommend(String user, int top) {
        return recommend(user, top, false);
    }

    /**
     * The best items for a user, best first; ties by the order of the data.
     *
     * @param known whether items that the user has interacted with may be listed
     */
    public List<Ranked> recommend(String user, int top, boolean known) {
        if (top < 1) {
            throw new LetheException(LetheException.Code.STUDY, "top is " + top + ", expected at least 1");
        }
        Version now = current;
        Split data = now.data();
        Entities items = data.train().itemEntities();
        int number = Erasure.number("the user", user, data.train().userEntities());
        float[] scores = new float[data.items()];
        now.model().served().scores(number, scores);
        IntPredicate out = i -> items.id(i).isEmpty()
                || !known
                        && (data.train().contains(number, i)
                                || data.validation().contains(number, i)
                                || data.test().contains(number, i));
        return best(scores, top, out)
                .map(i -> new Ranked(items.id(i), scores[i]))
                .toList();
    }

    /** The items of the highest scores, best first and the lower number before its equal, but those that are out. */
    private static Stream<Integer> best(float[] scores, int top, IntPredicate out) {
        Comparator<Integer> order =
                Comparator.comparingDouble((Integer i) -> -scores[i]).thenComparing(Comparator.naturalOrder());
        PriorityQueue<Integer> kept = new PriorityQueue<>(order.reversed());
        float least = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < scores.length; i++) {
            boolean full = kept.size() == top;
            if (full && Float.compare(-scores[i], -least) >= 0 || out.test(i)) {
                continue; // the score first: most items fail it, and it costs nothing
            }
            if (full) {
                kept.poll();
            }
            kept.add(i);
            least = scores[kept.element()];
        }
        return kept.stream().sorted(order);
    }

    /** The quality of lists on the interactions that were held out; a {@code LetheException} where none were. */
    public SequencedMap<String, Double> evaluate(int top, Env env) {
        Version now = current;
        if (now.data().test().size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    versions.folder() + ": nothing is held out (--test was "
                            + now.settings().test() + "), expected a training with --test 0.2, say");
        }
        return Ranking.test(now.model().served(), now.data(), top, env.workers())
                .means();
    }

    /**
     * Forgets: the model becomes what the method makes of it, the interactions go, and forgotten users and items lose their ids.
     *
     * @param keep how long the version before stays
     * @param verify whether a training without the data is compared, bit by bit; for methods that are exact
     */
    public synchronized Change forget(Erasure request, Keep keep, boolean verify, Env env) throws IOException {
        try (Hold hold = versions.hold()) {
            Version before = current;
            Method<Split, Recommender> method = before.settings().forgetting();
            Learner<Split, Recommender> learner = before.settings().learner();
            if (verify && method.exactness() != Exactness.EXACT) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        Named.Of.name(method) + " is " + method.exactness().label()
                                + ", so its result cannot be compared bit by bit; expected a folder trained with an exact"
                                + " method, such as retrain, sisa, decrement, laser or apa");
            }
            Env own = env.with(before.settings().seed());
            ForgetRequest.Forgotten gone = request.resolve(before.data());
            long from = System.nanoTime();
            Recommender model = fulfilled(before, request, gone, method, learner, own);
            double seconds = (System.nanoTime() - from) / 1e9;
            Split left = gone.remaining();
            Optional<Boolean> same = Optional.empty();
            if (verify) {
                same = Optional.of(sameBits(model, method.learn(learner, left, own)));
                if (!same.get()) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            "a training without the data has other bits than what " + Named.Of.name(method)
                                    + " made; nothing was changed");
                }
            }
            long removed = size(before.data()) - size(left);
            Split nameless = left.each(part -> part.with(
                    without(part.userEntities(), request.users()), without(part.itemEntities(), request.items())));
            History.Event event = event("forget", method, nameless, seconds)
                    .asked(
                            request.users().size(),
                            request.items().size(),
                            removed,
                            versions.hmac(request.toString()),
                            verify);
            become(before.with(nameless, model), event, keep, hold);
            return new Change(
                    events().size(),
                    request.users().size(),
                    request.items().size(),
                    removed,
                    0,
                    0,
                    0,
                    size(nameless),
                    method.exactness(),
                    same,
                    seconds);
        }
    }

    private Recommender fulfilled(
            Version before,
            Erasure request,
            ForgetRequest.Forgotten gone,
            Method<Split, Recommender> method,
            Learner<Split, Recommender> learner,
            Env env) {
        try {
            return method.fulfil(before.model(), request, learner, before.data(), env);
        } catch (LetheException e) {
            if (gone.remaining().train().size() > 0) {
                throw e;
            }
            throw new LetheException(
                    e.code(),
                    e.getMessage() + "; nothing is left to learn from, and deleting the folder erases everybody",
                    e);
        }
    }

    /** Learns interactions that came since, by a training on all. Users and items keep their numbers, new ones come after them. */
    public synchronized Change add(Interactions more, Env env) throws IOException {
        try (Hold hold = versions.hold()) {
            Version before = current;
            Version.Settings settings = before.settings();
            Split old = before.data();
            Interactions known = old.train().and(old.validation()).and(old.test());
            Interactions all = joined(known, more);
            if (all.size() == known.size()) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        "nothing is new among " + more.size() + " interactions, expected some that are not there yet");
            }
            Env own = env.with(settings.seed());
            Split data = Splits.random(all, settings.test(), settings.validation(), settings.seed());
            Method<Split, Recommender> method = settings.forgetting();
            long from = System.nanoTime();
            Recommender model = method.learn(settings.learner(), data, own);
            double seconds = (System.nanoTime() - from) / 1e9;
            become(before.with(data, model), event("add", method, data, seconds), Keep.NOTHING, hold);
            return new Change(
                    events().size(),
                    0,
                    0,
                    0,
                    all.size() - known.size(),
                    all.users() - known.users(),
                    all.items() - known.items(),
                    size(data),
                    method.exactness(),
                    Optional.empty(),
                    seconds);
        }
    }

    private static Interactions joined(Interactions known, Interactions more) {
        Numbers users = new Numbers(known.userEntities());
        Numbers items = new Numbers(known.itemEntities());
        int size = known.size() + more.size();
        int[] userOf = new int[size];
        int[] itemOf = new int[size];
        float[] values = new float[size];
        long[] times = new long[size];
        boolean valued = known.values().isPresent() && more.values().isPresent();
        boolean timed = known.times().isPresent() && more.times().isPresent();
        int at = 0;
        for (Interactions part : List.of(known, more)) {
            for (int u = 0; u < part.users(); u++) {
                String user = part.userEntities().id(u);
                for (int k = part.from(u); k < part.to(u); k++) {
                    userOf[at] = users.of(user);
                    itemOf[at] = items.of(part.itemEntities().id(part.item(k)));
                    values[at] = valued ? part.values().orElseThrow()[k] : 0;
                    times[at] = timed ? part.times().orElseThrow()[k] : 0;
                    at++;
                }
            }
        }
        return Interactions.of(
                users.entities(),
                items.entities(),
                userOf,
                itemOf,
                valued ? Optional.of(values) : Optional.empty(),
                timed ? Optional.of(times) : Optional.empty());
    }

    /** Ids and their numbers; new ones get the next number. A forgotten one has no id, so it comes back under a new number. */
    private static final class Numbers {
        private final List<String> ids = new ArrayList<>();
        private final Map<String, Integer> known = new HashMap<>();

        Numbers(Entities entities) {
            for (int n = 0; n < entities.size(); n++) {
                ids.add(entities.id(n));
                if (!entities.id(n).isEmpty()) {
                    known.put(entities.id(n), n);
                }
            }
        }

        int of(String id) {
            return known.computeIfAbsent(id, added -> {
                ids.add(added);
                return ids.size() - 1;
            });
        }

        Entities entities() {
            return Entities.ofNames(ids.toArray(String[]::new));
        }
    }

    private static Entities without(Entities entities, List<String> gone) {
        BitSet nameless = new BitSet();
        gone.forEach(id -> nameless.set(Erasure.number("id", id, entities)));
        String[] ids = new String[entities.size()];
        Arrays.setAll(ids, n -> nameless.get(n) ? "" : entities.id(n));
        return Entities.ofNames(ids);
    }

    private static long size(Split data) {
        return (long) data.train().size()
                + data.validation().size()
                + data.test().size();
    }

    private static History.Event event(String what, Method<?, ?> method, Split data, double seconds) {
        return new History.Event(
                0,
                Instant.now(Clock.systemUTC()).truncatedTo(ChronoUnit.SECONDS).toString(),
                what,
                0,
                0,
                size(data),
                0,
                "",
                Named.Of.name(method),
                method.exactness().label(),
                false,
                seconds,
                "",
                "",
                "");
    }

    /** Whether two models have the same tensors, and say the same about themselves. */
    private boolean sameBits(Recommender one, Recommender other) throws IOException {
        Path first = versions.unfinished("verify-1");
        Path second = versions.unfinished("verify-2");
        try {
            SUBJECT.save(one, Map.of(), first);
            SUBJECT.save(other, Map.of(), second);
            return Files.mismatch(first, second) < 0;
        } finally {
            Files.deleteIfExists(first);
            Files.deleteIfExists(second);
        }
    }

    /** Writes a version and makes it current; the one before is deleted, unless it is kept for a time. */
    private void become(Version next, History.Event event, Keep keep, Hold hold) throws IOException {
        current = versions.write(next, event, hold);
        versions.retire(current.history().size(), keep, event.event().equals("forget"));
    }
}
