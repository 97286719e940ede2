package org.lethe.recsys.shop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
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
import org.lethe.study.Storage;
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
    private static final String CURRENT = "current";
    private static final String KEY = "key";
    private static final String SEAL = "seal";
    private static final String UNFINISHED = ".unfinished";
    private static final Recsys SUBJECT = new Recsys();

    /** An erasure by which methods say whether they can carry one out. */
    static final Erasure ANY = Erasure.ofUsers(List.of("any"));

    private final Path folder;
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

    private Shop(Path folder, Version current) {
        this.folder = folder;
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
        if (Files.exists(folder) && !isEmpty(folder)) {
            throw new LetheException(
                    LetheException.Code.STORAGE, folder + " is there already and not empty, expected a new folder");
        }
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
        Version.Settings settings = Version.Settings.of(
                learner,
                method,
                env.seed(),
                test,
                validation,
                columns.users,
                columns.items,
                columns.value,
                columns.time);
        Shop shop = new Shop(folder, new Version(settings, data, model, List.of()));
        try (Hold hold = shop.hold()) {
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
        Path now = folder.resolve(CURRENT);
        if (!Files.isRegularFile(now)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder + ": has no file \"" + CURRENT + "\", expected a folder that lethe recsys train made");
        }
        String name = Files.readString(now).strip();
        if (!name.matches("v[1-9][0-9]{0,8}") || !Files.isDirectory(folder.resolve(name))) {
            throw new LetheException(
                    LetheException.Code.DATA, now + ": says \"" + name + "\", expected a version here");
        }
        Version version = Version.read(folder.resolve(name));
        Path history = folder.resolve(name).resolve("history.jsonl");
        History.read(version.history(), history.toString()); // a broken chain is said at once
        Shop shop = new Shop(folder, version);
        String seal = Files.isRegularFile(folder.resolve(name).resolve(SEAL))
                ? Files.readString(folder.resolve(name).resolve(SEAL)).strip()
                : "";
        if (!seal.equals(shop.hmac(History.last(version.history())))) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    history + ": its last line is not the one that was sealed: it was changed or cut since");
        }
        shop.sweep();
        return shop;
    }

    /** Deletes old versions whose time is over, unless another process changes the folder just now or it may not be written. */
    private void sweep() throws IOException {
        boolean over;
        try (Stream<Path> all = Files.list(folder)) {
            over = all.map(path -> path.resolve("delete-after")).anyMatch(Files::isRegularFile);
        }
        if (!over || !Files.isWritable(folder)) {
            return;
        }
        try (Hold hold = hold()) {
            hold.require();
            clean(false);
        } catch (LetheException e) {
            // the process that changes it sweeps too
        }
    }

    /** The events, oldest first. */
    List<History.Event> events() {
        return current.events();
    }

    /** The columns of the owner's files. */
    public Columns columns() {
        Version.Settings s = current.settings();
        return new Columns(s.users(), s.items(), s.value(), s.time());
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
        return IntStream.range(0, scores.length)
                .filter(i -> !out.test(i))
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]).thenComparingInt(i -> i))
                .limit(top)
                .map(i -> new Ranked(items.id(i), scores[i]))
                .toList();
    }

    /** The quality of lists on the interactions that were held out; a {@code LetheException} where none were. */
    public SequencedMap<String, Double> evaluate(int top, Env env) {
        Version now = current;
        if (now.data().test().size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder + ": nothing is held out (--test was "
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
        try (Hold hold = hold()) {
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
                    .asked(request.users().size(), request.items().size(), removed, digest(request), verify);
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
        try (Hold hold = hold()) {
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
        Path first = folder.resolve("verify-1" + UNFINISHED);
        Path second = folder.resolve("verify-2" + UNFINISHED);
        try {
            SUBJECT.save(one, Map.of(), first);
            SUBJECT.save(other, Map.of(), second);
            return Files.mismatch(first, second) < 0;
        } finally {
            Files.deleteIfExists(first);
            Files.deleteIfExists(second);
        }
    }

    /** Writes a version, makes it current, and deletes the one before. */
    private void become(Version next, History.Event event, Keep keep, Hold hold) throws IOException {
        hold.require();
        int number = next.history().size() + 1;
        Path place = folder.resolve("v" + number);
        Path unfinished = folder.resolve("v" + number + UNFINISHED);
        delete(unfinished);
        delete(place); // what a crash left between the renaming of the folder and that of "current"
        next.write(unfinished);
        Version.Digests digests = Version.Digests.of(unfinished);
        Version whole =
                next.with(History.with(next.history(), event.numbered(number, digests, History.last(next.history()))));
        whole.writeHistory(unfinished);
        Storage.write(
                unfinished.resolve(SEAL),
                (hmac(History.last(whole.history())) + "\n").getBytes(StandardCharsets.US_ASCII));
        Files.move(unfinished, place, StandardCopyOption.ATOMIC_MOVE);
        Storage.write(folder.resolve(CURRENT), (place.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
        current = whole;
        if (number > 1 && !keep.time.isZero()) {
            Path old = folder.resolve("v" + (number - 1));
            if (Files.isDirectory(old)) {
                Storage.write(
                        old.resolve("delete-after"),
                        Instant.now(Clock.systemUTC())
                                .plus(keep.time)
                                .toString()
                                .getBytes(StandardCharsets.UTF_8));
            }
        }
        // every older version holds what this erasure took out
        clean(event.event().equals("forget") && keep.time.isZero());
    }

    /** Deletes what is neither current nor kept for a time that is not over; or all but the current version. */
    private void clean(boolean all) throws IOException {
        String now = Files.isRegularFile(folder.resolve(CURRENT))
                ? Files.readString(folder.resolve(CURRENT)).strip()
                : "";
        List<Path> old = new ArrayList<>();
        try (DirectoryStream<Path> versions = Files.newDirectoryStream(folder)) {
            for (Path path : versions) {
                String name = String.valueOf(path.getFileName());
                if (name.endsWith(UNFINISHED) || name.matches("v[0-9]+") && !name.equals(now) && (all || !kept(path))) {
                    old.add(path);
                }
            }
        }
        for (Path path : old) {
            delete(path);
        }
    }

    private static boolean kept(Path version) throws IOException {
        Path until = version.resolve("delete-after");
        return Files.isRegularFile(until)
                && Instant.parse(Files.readString(until).strip()).isAfter(Instant.now(Clock.systemUTC()));
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(path)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path each : all) {
            Files.delete(each);
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            return !all.iterator().hasNext();
        }
    }

    /**
     * HMAC-SHA256 of a request under a key that never leaves the folder: its sender can be told that it was carried out, and nobody can
     * find an id by trying all.
     */
    private String digest(Erasure request) throws IOException {
        return hmac(request.toString());
    }

    private String hmac(String text) throws IOException {
        Path file = folder.resolve(KEY);
        if (!Files.exists(file)) {
            byte[] key = new byte[32];
            new SecureRandom().nextBytes(key);
            Storage.writePrivately(file, HexFormat.of().formatHex(key).getBytes(StandardCharsets.US_ASCII));
        }
        byte[] key = HexFormat.of().parseHex(Files.readString(file).strip());
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private Hold hold() throws IOException {
        return new Hold(folder);
    }
}
