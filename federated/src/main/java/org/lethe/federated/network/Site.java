package org.lethe.federated.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.federated.Classifier;
import org.lethe.federated.Local;
import org.lethe.federated.Loss;
import org.lethe.federated.Network;
import org.lethe.federated.ScoreMap;
import org.lethe.federated.SiteTable;
import org.lethe.federated.balance.FairMaps;
import org.lethe.federated.balance.WassFfed;
import org.lethe.federated.network.Message.Body;
import org.lethe.federated.network.Message.Reply;
import org.lethe.federated.network.Message.Task;
import org.lethe.numerics.Keyed;

/**
 * One real site: asks for tasks and carries them out on a table that stays here.
 *
 * <p>Where moments of Adam are kept, those of the last rounds stand in a folder, so that a site that was killed, or a server that
 * asks for a round again, gets the same update.
 */
final class Site {
    private static final long FIRST_PAUSE = 100;
    private static final long LONGEST_PAUSE = 20_000; // milliseconds between two attempts
    private static final int ROUNDS = 4; // whose moments are kept: more than the states that a server keeps

    /** The way to the server. */
    interface Link {
        /** Sends a message and returns the answer; an {@code IOException} where the server cannot be reached. */
        byte[] exchange(byte[] message) throws IOException;
    }

    private final Link link;
    private final Function<SiteTable.Layout, SiteTable> tables;
    private final Path folder;
    private final long patience;
    private final long beat;
    private final Progress progress;

    private long run;
    private Optional<Joined> joined = Optional.empty();
    private List<Kept> kept = new ArrayList<>();

    /** What the site knows of the federation. */
    private record Joined(Message.Terms terms, SiteTable table, Optional<Encoded> encoded) {}

    private record Encoded(
            SiteTable.Agreement agreement, Network network, SiteTable.Encoded train, SiteTable.Encoded test) {}

    /** The moments after a round. */
    private record Kept(int round, Local.Moments moments) {}

    /**
     * The end of a federation, as a site sees it.
     *
     * @param classifier that the sites agreed on
     * @param rounds that it took
     * @param trained how many updates this site sent
     */
    record Outcome(Classifier classifier, int rounds, int trained) {}

    /**
     * @param tables reads the table as the server asks
     * @param folder for what a restart needs
     * @param patience milliseconds for which the server may be away
     * @param beat milliseconds between heartbeats
     */
    Site(
            Link link,
            Function<SiteTable.Layout, SiteTable> tables,
            Path folder,
            long patience,
            long beat,
            Progress progress) {
        this.link = link;
        this.tables = tables;
        this.folder = folder;
        this.patience = patience;
        this.beat = beat;
        this.progress = progress;
    }

    /** Takes part until the federation is over. */
    Outcome run() throws IOException, InterruptedException {
        Thread beats = Thread.ofVirtual().name("heartbeats").start(this::beat);
        try (Progress.Step step = progress.begin("tasks", 1)) {
            int trained = 0;
            while (true) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (joined.isEmpty()) {
                    register(step);
                }
                Message answer = ask(new Message(run, 0, new Body.PullTask()), step);
                switch (answer.body()) {
                    case Body.Give(var task, var round, var work) -> {
                        Reply reply = reply(round, work, step);
                        trained += reply instanceof Reply.TrainReply ? 1 : 0;
                        Message said = ask(new Message(run, answer.model(), new Body.Push(task, reply)), step);
                        if (said.body() instanceof Body.Refusal(var code, var reason)) {
                            refused(code, reason, step);
                        } else {
                            step.note("round " + (round + 1) + ": "
                                    + work.getClass().getSimpleName().replace("Task", "") + " sent");
                        }
                    }
                    case Body.Done(var rounds, var weights) -> {
                        step.advance(1);
                        return new Outcome(new Classifier(encoded(step).network, weights), rounds, trained);
                    }
                    case Body.Refusal(var code, var reason) -> refused(code, reason, step);
                    case Body.Wait() -> {}
                    case Body.Register _, Body.PullTask _, Body.Beat _, Body.Push _, Body.Welcome _, Body.Accepted _ ->
                        throw wrong("the server answered with "
                                + answer.body().getClass().getSimpleName());
                }
            }
        } finally {
            beats.interrupt();
        }
    }

    private void beat() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(beat);
                if (run != 0) {
                    try {
                        var _ = link.exchange(new Message(run, 0, new Body.Beat()).bytes());
                    } catch (IOException _) {
                        // the thread that asks for work sees it too, and reports it
                    }
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static LetheException wrong(String what) {
        return new LetheException(LetheException.Code.NETWORK, "federation: " + Printable.text(what));
    }

    private void refused(Message.Code code, String reason, Progress.Step step) {
        switch (code) {
            case VERSION, UNKNOWN_SITE, QUARANTINED ->
                throw wrong("the server refuses this site, " + code + ": " + reason);
            case RUN -> joined = Optional.empty();
            case MALFORMED, MODEL, LATE, EARLY, DUPLICATE, NOT_FINITE, TOO_LARGE, INCONSISTENT ->
                step.note("the server refused a reply, " + code + ": " + Printable.text(reason));
        }
    }

    /** Sends until there is an answer; pauses grow to 20 seconds. */
    private Message ask(Message message, Progress.Step step) throws InterruptedException {
        byte[] bytes = message.bytes();
        long pause = FIRST_PAUSE;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patience);
        while (true) {
            try {
                return Message.of(link.exchange(bytes));
            } catch (Message.Skew skew) {
                throw wrong("the server refuses this site, VERSION: " + skew.reason());
            } catch (Wire.Malformed malformed) {
                throw wrong("the server's answer is malformed: " + malformed.reason());
            } catch (IOException away) {
                if (System.nanoTime() >= end) {
                    throw new LetheException(
                            LetheException.Code.NETWORK,
                            "federation: the server cannot be reached: " + away.getMessage(),
                            away);
                }
                step.note("the server cannot be reached, trying again: "
                        + Printable.text(String.valueOf(away.getMessage())));
                TimeUnit.MILLISECONDS.sleep(pause);
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
        }
    }

    private void register(Progress.Step step) throws InterruptedException, IOException {
        Message answer = ask(new Message(0, 0, new Body.Register()), step);
        switch (answer.body()) {
            case Body.Welcome(var _, var terms, var agreement) -> {
                run = answer.run();
                SiteTable table = joined.filter(j -> j.terms.layout().equals(terms.layout()))
                        .map(Joined::table)
                        .orElseGet(() -> tables.apply(terms.layout()));
                joined = Optional.of(new Joined(
                        terms,
                        table,
                        agreement.map(a -> new Encoded(a, terms.network(a), table.train(a), table.test(a)))));
                kept = read(terms.keeps());
            }
            case Body.Refusal(var code, var reason) ->
                throw wrong("the server refuses this site, " + code + ": " + reason);
            default ->
                throw wrong(
                        "the server answered with " + answer.body().getClass().getSimpleName());
        }
    }

    private Encoded encoded(Progress.Step step) throws IOException, InterruptedException {
        if (joined.orElseThrow().encoded.isEmpty()) {
            register(step); // the agreement was made after this site came
        }
        return joined.orElseThrow()
                .encoded
                .orElseThrow(() -> wrong("the server gave a task before it said how rows are encoded"));
    }

    private Reply reply(int round, Task work, Progress.Step step) throws IOException, InterruptedException {
        Message.Terms terms = joined.orElseThrow().terms;
        return switch (work) {
            case Task.ProfileTask() ->
                new Reply.ProfileReply(joined.orElseThrow().table.profile());
            case Task.StatsTask(var weights) -> {
                Encoded site = encoded(step);
                double[] counts = FairMaps.histogram(
                        terms.fairness(), site.agreement.groups(), terms.bins(), place(site, site.train, weights));
                int[] whole = Arrays.stream(counts).mapToInt(c -> (int) c).toArray();
                yield new Reply.StatsReply(whole, Arrays.stream(whole).sum());
            }
            case Task.TrainTask task -> trained(round, task, encoded(step), terms);
            case Task.EvalTask(var weights) -> {
                Encoded site = encoded(step);
                yield new Reply.EvalReply(counts(site, weights));
            }
        };
    }

    /** The number of the client is 0 wherever it is asked for: draws come with the task. */
    private static Loss.Place place(Encoded site, SiteTable.Encoded part, float[] weights) {
        if (weights.length != site.network.length()) {
            throw wrong("the server sent " + weights.length + " weights, expected " + site.network.length());
        }
        int[] rows = new int[part.records().size()];
        Arrays.setAll(rows, i -> i);
        return new Loss.Place(0, rows, part.records(), part.groups(), site.network, weights);
    }

    private Reply trained(int round, Task.TrainTask task, Encoded site, Message.Terms terms) throws IOException {
        Loss.Place place = place(site, site.train, task.weights());
        if (!task.maps().isEmpty()
                && (task.maps().size() != terms.fairness().strata()
                        || task.maps().stream().anyMatch(m -> m.values().length != site.agreement.groups()))) {
            throw wrong("the server sent maps of other groups than it agreed on");
        }
        Loss.Maker maker = task.maps().isEmpty()
                ? new Loss.CrossEntropy()
                : FairMaps.loss(
                        new WassFfed().withPull(terms.pull()).withBeta(terms.beta()),
                        terms.fairness(),
                        task.maps().toArray(ScoreMap[]::new));
        if (task.fresh()) {
            kept.removeIf(k -> k.round >= round);
        }
        Optional<Local.Moments> known = task.fresh() || !terms.keeps()
                ? Optional.empty()
                : kept.reversed().stream()
                        .filter(k -> k.round < round && k.moments.first().length == task.weights().length)
                        .findFirst()
                        .map(Kept::moments);
        boolean reset = terms.keeps() && !task.fresh() && known.isEmpty();
        float[] w = task.weights().clone();
        Local.Moments after = terms.local()
                .train(
                        site.network,
                        w,
                        known.orElseGet(() -> Local.Moments.none(0, task.weights().length)),
                        place,
                        maker.at(place),
                        terms.steps(),
                        new Keyed(task.key()));
        if (terms.keeps()) {
            kept.removeIf(k -> k.round >= round);
            kept.add(new Kept(round, after));
            if (kept.size() > ROUNDS) {
                kept.removeFirst();
            }
            write();
        }
        return new Reply.TrainReply(w, place.rows().length, terms.steps(), place.meanLoss(), reset);
    }

    private static long[] counts(Encoded site, float[] weights) {
        int groups = site.agreement.groups();
        long[] counts = new long[4 * (groups + 1)];
        Loss.Place place = place(site, site.test, weights);
        float[] scores = place.scores();
        for (int i = 0; i < scores.length; i++) {
            int group = groups == 0 || place.group(i) < 0 ? groups : place.group(i);
            counts[4 * group + 2 * place.label(i) + (scores[i] >= Classifier.THRESHOLD ? 1 : 0)]++;
        }
        return counts;
    }

    private Path file() {
        return folder.resolve("moments.state");
    }

    private void write() throws IOException {
        Wire.Writer to = new Wire.Writer()
                .small(Message.VERSION)
                .wide(run)
                .list(
                        kept,
                        (w, k) -> w.number(k.round)
                                .floats(k.moments.first())
                                .floats(k.moments.second())
                                .wide(k.moments.steps()));
        Files.createDirectories(folder);
        WriteAhead.store(file(), to.bytes());
    }

    /** The moments of this run; none where they are of another one, or damaged, which the reply then says. */
    private List<Kept> read(boolean keeps) throws IOException {
        if (!keeps || !Files.isRegularFile(file())) {
            return new ArrayList<>();
        }
        Optional<byte[]> body = WriteAhead.stored(file());
        if (body.isEmpty()) {
            return new ArrayList<>();
        }
        Wire.Reader from = new Wire.Reader(body.get());
        if (from.small() != Message.VERSION || from.wide() != run) {
            return new ArrayList<>();
        }
        return from.list(r -> new Kept(r.number(), new Local.Moments(0, r.floats(), r.floats(), r.wide())));
    }
}
