package org.lethe.federated.network;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.federated.Classifier;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Network;
import org.lethe.federated.ScoreMap;
import org.lethe.federated.Server;
import org.lethe.federated.SiteTable;
import org.lethe.federated.balance.FairMaps;
import org.lethe.federated.network.Message.Body;
import org.lethe.federated.network.Message.Code;
import org.lethe.federated.network.Message.Reply;
import org.lethe.federated.network.Message.Task;

/**
 * The server of real sites, apart from how messages travel: {@link #answer} takes what a site sends, {@link #run} leads through the
 * rounds.
 *
 * <p>Clients ask for tasks; nothing is pushed to them. A round closes when a quorum has replied, when nobody is left who could, or
 * at its deadline. A reply that is late, sent twice, malformed, not finite, too large or inconsistent is refused and counted; a
 * site with three faults is asked no more. After every round the state is written ahead.
 */
final class Host {
    private static final int FAULTS = 3;
    private static final int MISSED = 2; // heartbeats after which nobody waits for a site
    private static final long HELD = 2_000; // milliseconds that a client that asks for work is kept waiting

    private final Plan plan;
    private final Env env;
    private final Message.Terms terms;
    private final WriteAhead ahead;
    private final String settings;
    private final Metrics metrics;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private final Map<String, Long> seen = new TreeMap<>(); // nanoseconds of the last message of each site
    private long run;
    private List<String> sites = List.of();
    private int[] rows = new int[0];
    private int[] faults = new int[0];
    private Optional<SiteTable.Agreement> agreement = Optional.empty();
    private Optional<Phase> phase = Optional.empty();
    private final List<double[]> norms = new ArrayList<>();
    private Optional<float[]> done = Optional.empty();
    private final Set<Integer> told = new HashSet<>();

    /** A task for all sites, and what came back. */
    private static final class Phase {
        final long task;
        final int round;
        final float[] weights;
        final long model;
        final IntFunction<Task> work;
        final Map<Integer, Reply> replies = new TreeMap<>();
        final Set<Integer> refused = new HashSet<>();

        Phase(long task, int round, float[] weights, IntFunction<Task> work) {
            this.task = task;
            this.round = round;
            this.weights = weights;
            this.model = weights.length == 0 ? 0 : Wire.digest(weights);
            this.work = work;
        }
    }

    /**
     * The end of a federation.
     *
     * @param classifier that the sites agreed on
     * @param agreement what rows are encoded by
     * @param rates decisions on the test rows of all sites; the last group is everybody without one
     * @param sites names of the sites
     * @param quarantined those that were asked no more
     */
    record Outcome(
            Classifier classifier,
            SiteTable.Agreement agreement,
            GroupRates rates,
            List<String> sites,
            List<String> quarantined) {}

    private final Optional<WriteAhead.State> found;

    /** A server that goes on from what is written in a folder, or begins. */
    Host(Plan plan, Path folder, Env env) throws IOException {
        this.plan = plan;
        this.env = env;
        this.terms = plan.terms();
        this.ahead = new WriteAhead(folder);
        this.settings = plan.digest(env.seed());
        this.metrics = new Metrics();
        this.run = new SecureRandom().nextLong() | 1; // 0 means that a client knows none
        this.found = ahead.read(settings);
        found.ifPresent(this::resume);
    }

    Metrics metrics() {
        return metrics;
    }

    /** Answers a message of a site whose name its certificate proves. */
    byte[] answer(String site, byte[] bytes) {
        metrics.count("lethe_federation_bytes_received_total", bytes.length);
        byte[] answer = answered(site, bytes).bytes();
        metrics.count("lethe_federation_bytes_sent_total", answer.length);
        return answer;
    }

    private Message answered(String site, byte[] bytes) {
        Message message;
        try {
            message = Message.of(bytes);
        } catch (Message.Skew skew) {
            return refusal(Code.VERSION, skew.reason());
        } catch (Wire.Malformed malformed) {
            lock.lock();
            try {
                return faulty(sites.indexOf(site), Code.MALFORMED, malformed.reason());
            } finally {
                lock.unlock();
            }
        }
        lock.lock();
        try {
            return answered(site, message);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new Message(run, 0, new Body.Wait());
        } finally {
            lock.unlock();
        }
    }

    private Message answered(String site, Message message) throws InterruptedException {
        if (!(message.body() instanceof Body.Register) && message.run() != run) {
            return refusal(Code.RUN, "the message belongs to another federation; register again");
        }
        if (!sites.isEmpty() && !sites.contains(site)) {
            return refusal(Code.UNKNOWN_SITE, "the federation has begun without this site");
        }
        seen.put(site, System.nanoTime());
        changed.signalAll();
        int client = sites.indexOf(site);
        if (client >= 0 && faults[client] >= FAULTS) {
            return refusal(Code.QUARANTINED, FAULTS + " faulty replies came from this site; it is asked no more");
        }
        return switch (message.body()) {
            case Body.Register _ -> said(new Body.Welcome(client, terms, agreement));
            case Body.Beat _ -> said(new Body.Accepted());
            case Body.PullTask _ -> work(site);
            case Body.Push(var task, var reply) -> push(client, task, message.model(), reply);
            case Body.Welcome _, Body.Wait _, Body.Give _, Body.Done _, Body.Accepted _, Body.Refusal _ ->
                faulty(client, Code.MALFORMED, "a client does not send this kind of message");
        };
    }

    private Message said(Body body) {
        return new Message(run, 0, body);
    }

    private Message refusal(Code code, String reason) {
        metrics.count("lethe_federation_refused_total{code=\"" + code + "\"}", 1);
        return said(new Body.Refusal(code, reason));
    }

    private Message faulty(int client, Code code, String reason) {
        if (client >= 0) {
            phase.ifPresent(p -> p.refused.add(client));
            faults[client]++;
            changed.signalAll();
        }
        return refusal(code, reason);
    }

    private Message work(String site) throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(HELD);
        while (left > 0) {
            int client = sites.indexOf(site); // the sites have numbers as soon as all have come
            if (client < 0 && !sites.isEmpty()) {
                return refusal(Code.UNKNOWN_SITE, "the federation has begun without this site");
            }
            if (done.isPresent()) {
                told.add(client);
                changed.signalAll();
                return said(new Body.Done(plan.rounds(), done.get()));
            }
            if (phase.isPresent() && client >= 0) {
                Phase now = phase.get();
                if (!now.replies.containsKey(client) && !now.refused.contains(client)) {
                    return new Message(run, now.model, new Body.Give(now.task, now.round, now.work.apply(client)));
                }
            }
            left = changed.awaitNanos(left);
        }
        return said(new Body.Wait());
    }

    private Message push(int client, long task, long model, Reply reply) {
        if (client < 0 || phase.isEmpty() || task < phase.get().task) {
            return refusal(Code.LATE, "task " + task + " is over");
        }
        Phase now = phase.get();
        if (task > now.task) {
            // given before the server was started again, which now asks for what comes before it
            return refusal(Code.EARLY, "task " + task + " is not given yet, task " + now.task + " is");
        }
        if (now.replies.containsKey(client)) {
            return refusal(Code.DUPLICATE, "the reply to task " + task + " was accepted before");
        }
        if (model != now.model) {
            now.refused.add(client); // or it would get the same task and send the same reply for ever
            changed.signalAll();
            return refusal(Code.MODEL, "the reply is about another model than task " + task);
        }
        Optional<Inspection.Fault> fault = inspection(client, now).fault(reply);
        if (fault.isPresent()) {
            return faulty(client, fault.get().code(), fault.get().reason());
        }
        now.refused.remove(client);
        now.replies.put(client, reply);
        metrics.count("lethe_federation_accepted_total", 1);
        changed.signalAll();
        return said(new Body.Accepted());
    }

    private Inspection inspection(int client, Phase now) {
        int groups = agreement.map(SiteTable.Agreement::groups).orElse(0); // there are none before profiles are known
        int cells = terms.fairness().strata() * groups * terms.bins();
        return new Inspection(now.work.apply(client), now.weights, rows[client], groups, cells, norms);
    }

    private SiteTable.Agreement known() {
        return agreement.orElseThrow();
    }

    /** Leads through all rounds, from the beginning or from what was written ahead. */
    Outcome run() throws IOException, InterruptedException {
        try (Progress.Step progress = env.progress().begin("rounds", plan.rounds())) {
            WriteAhead.State state = found.isPresent() ? found.get() : begun(progress);
            if (found.isPresent()) {
                progress.note("goes on at round " + (state.round() + 1));
            }
            progress.advance(state.round());
            metrics.set("lethe_federation_rounds_planned", plan.rounds());
            metrics.set("lethe_federation_round", state.round());
            Network network = plan.learner().network(known().features());
            float[] weights = state.weights();
            Optional<FairMaps> maps = plan.fair()
                    .map(w -> state.maps()
                            .map(m -> new FairMaps(w, plan.fairness(), known().groups(), m))
                            .orElseGet(() -> new FairMaps(w, plan.fairness(), known().groups())));
            for (int r = state.round(); r < plan.rounds(); r++) {
                weights = round(r, weights, maps, progress);
                progress.advance(1);
                metrics.set("lethe_federation_round", r + 1);
            }
            long[] counts = state.counts().length > 0 ? state.counts() : evaluated(weights, maps, progress);
            finish(weights);
            return outcome(network, weights, counts);
        }
    }

    private WriteAhead.State begun(Progress.Step progress) throws IOException, InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(plan.rules().gatherMillis());
            while (seen.size() < plan.sites()) {
                if (left <= 0) {
                    throw missing("only " + seen.size() + " of " + plan.sites() + " sites came in time: "
                            + Printable.text(seen.keySet().toString()));
                }
                progress.note("waiting for sites, " + seen.size() + " of " + plan.sites() + " are here");
                left = changed.awaitNanos(left);
            }
            sites = seen.keySet().stream().limit(plan.sites()).toList();
            rows = new int[sites.size()];
            faults = new int[sites.size()];
        } finally {
            lock.unlock();
        }
        Map<Integer, Reply> replies =
                collected(new Phase(0, 0, new float[0], _ -> new Task.ProfileTask()), 1, sites.size(), progress);
        List<SiteTable.Profile> profiles = new ArrayList<>();
        replies.forEach((_, reply) -> profiles.add(((Reply.ProfileReply) reply).profile()));
        SiteTable.Agreement agreed = SiteTable.agree(plan.layout(), profiles, plan.smallest());
        float[] start = Server.start(env, plan.learner().network(agreed.features()));
        lock.lock();
        try {
            for (int k = 0; k < rows.length; k++) {
                rows[k] = profiles.get(k).rows();
            }
            agreement = Optional.of(agreed);
            return written(0, start, Optional.empty(), new long[0], new long[0]);
        } finally {
            lock.unlock();
        }
    }

    private void resume(WriteAhead.State state) {
        run = state.run();
        sites = state.sites();
        rows = state.rows();
        faults = state.faults().clone();
        agreement = Optional.of(state.agreement());
        norms.addAll(state.norms());
        sites.forEach(site -> seen.put(site, System.nanoTime())); // they get the time of two heartbeats to come back
        metrics.count("lethe_federation_resumed_total", 1);
    }

    private float[] round(int r, float[] weights, Optional<FairMaps> maps, Progress.Step progress)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        boolean fair = maps.isPresent() && r >= plan.warmUp();
        List<ScoreMap> with = fair ? scoreMaps(r, weights, maps.get(), progress) : List.of();
        boolean fresh = r == 0 || r == plan.warmUp();
        Phase train = new Phase(
                4L * (r + 1) + 2,
                r,
                weights,
                k -> new Task.TrainTask(weights, Server.draws(env, k, r).key(), fresh, with));
        Map<Integer, Reply> replies =
                collected(train, plan.rules().quorum(), plan.rules().fewest(), progress);
        List<float[]> trained = new ArrayList<>();
        int[] records = new int[replies.size()];
        double[] sizes = new double[replies.size()];
        long[] accepted = new long[2 * replies.size()];
        double loss = 0;
        long all = 0;
        int at = 0;
        for (Map.Entry<Integer, Reply> entry : replies.entrySet()) {
            Reply.TrainReply reply = (Reply.TrainReply) entry.getValue();
            trained.add(reply.weights());
            records[at] = reply.records();
            sizes[at] = Inspection.norm(weights, reply.weights());
            accepted[2 * at] = entry.getKey();
            accepted[2 * at + 1] = train.task;
            loss += reply.loss() * reply.records();
            all += reply.records();
            at++;
            metrics.count("lethe_federation_optimiser_resets_total", reply.reset() ? 1 : 0);
        }
        float[] next = Server.averaged(
                weights, trained, records, plan.learner().federation().mixing(), r);
        lock.lock();
        try {
            norms.add(sizes);
            if (norms.size() > Inspection.ROUNDS) {
                norms.removeFirst();
            }
            written(r + 1, next, maps.map(FairMaps::state), accepted, new long[0]);
        } finally {
            lock.unlock();
        }
        long bytes = 4L * weights.length * replies.size();
        env.ledger().count("bytes down", bytes);
        env.ledger().count("bytes up", bytes);
        env.ledger().count("client updates", replies.size());
        double seconds = (System.nanoTime() - start) / 1e9;
        metrics.set("lethe_federation_round_seconds", seconds);
        metrics.set("lethe_federation_loss", loss / all);
        metrics.set("lethe_federation_replies", replies.size());
        int vanished = fair ? maps.get().vanished() : 0;
        progress.note(String.format(
                Locale.ROOT,
                "%s, %d of %d sites, loss %.4f, %.1f s%s",
                fair ? "fair round" : "plain round",
                replies.size(),
                sites.size(),
                loss / all,
                seconds,
                vanished > 0 ? "; " + vanished + " groups have vanished and are left alone" : ""));
        return next;
    }

    private List<ScoreMap> scoreMaps(int r, float[] weights, FairMaps maps, Progress.Step progress)
            throws InterruptedException {
        Map<Integer, Reply> replies = collected(
                new Phase(4L * (r + 1) + 1, r, weights, _ -> new Task.StatsTask(weights)),
                plan.rules().quorum(),
                plan.rules().fewest(),
                progress);
        double[] sum = new double[terms.fairness().strata() * known().groups() * terms.bins()];
        for (Reply reply : replies.values()) {
            int[] histogram = ((Reply.StatsReply) reply).histogram();
            for (int k = 0; k < sum.length; k++) {
                sum[k] += histogram[k];
            }
        }
        List<ScoreMap> made = List.of(maps.of(sum));
        env.ledger().count("bytes up", 4L * sum.length * replies.size());
        env.ledger().count("bytes down", 4L * sum.length * replies.size());
        return made;
    }

    private WriteAhead.State written(
            int round, float[] weights, Optional<FairMaps.State> maps, long[] accepted, long[] counts)
            throws IOException {
        WriteAhead.State state = new WriteAhead.State(
                run,
                settings,
                round,
                sites,
                rows,
                known(),
                weights,
                maps,
                List.copyOf(norms),
                faults.clone(),
                accepted,
                counts);
        ahead.write(state);
        return state;
    }

    private long[] evaluated(float[] weights, Optional<FairMaps> maps, Progress.Step progress)
            throws IOException, InterruptedException {
        long[] sum = new long[4 * (known().groups() + 1)];
        Phase phase = new Phase(4L * (plan.rounds() + 1) + 3, plan.rounds(), weights, _ -> new Task.EvalTask(weights));
        for (Reply reply : collected(phase, 1, plan.rules().fewest(), progress).values()) {
            long[] counts = ((Reply.EvalReply) reply).counts();
            for (int k = 0; k < sum.length; k++) {
                sum[k] += counts[k];
            }
        }
        lock.lock();
        try {
            written(plan.rounds(), weights, maps.map(FairMaps::state), new long[0], sum);
        } finally {
            lock.unlock();
        }
        return sum;
    }

    /** Opens a phase, waits until it closes, and returns the replies by client. */
    private Map<Integer, Reply> collected(Phase opened, double quorum, int fewest, Progress.Step progress)
            throws InterruptedException {
        lock.lock();
        try {
            phase = Optional.of(opened);
            changed.signalAll();
            long deadline = TimeUnit.MILLISECONDS.toNanos(plan.rules().deadlineMillis());
            for (int patience = Plan.Rules.PATIENCE; patience > 0; patience--) {
                long end = System.nanoTime() + deadline;
                for (long left = deadline; left > 0; left = end - System.nanoTime()) {
                    if (closed(opened, quorum, fewest)) {
                        return ended(opened);
                    }
                    var _ = changed.awaitNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(200)));
                }
                if (opened.replies.size() >= fewest) {
                    metrics.count("lethe_federation_deadlines_total", 1);
                    return ended(opened);
                }
                progress.note("the deadline has passed with " + opened.replies.size() + " replies, needs " + fewest);
            }
            throw missing("round " + (opened.round + 1) + " has " + opened.replies.size() + " replies after "
                    + Plan.Rules.PATIENCE + " deadlines, expected " + fewest + "; no reply came from " + absent(opened)
                    + ". Start it again to go on at this round");
        } finally {
            lock.unlock();
        }
    }

    private Map<Integer, Reply> ended(Phase opened) {
        phase = Optional.empty(); // what comes now is late
        return opened.replies;
    }

    private String absent(Phase opened) {
        return Printable.text(IntStream.range(0, sites.size())
                .filter(k -> !opened.replies.containsKey(k))
                .mapToObj(sites::get)
                .toList()
                .toString());
    }

    private boolean closed(Phase opened, double quorum, int fewest) {
        long silent = TimeUnit.MILLISECONDS.toNanos(MISSED * plan.rules().beatMillis());
        int asked = 0;
        int awaited = 0;
        int alive = 0;
        for (int k = 0; k < sites.size(); k++) {
            boolean answers = System.nanoTime() - seen.getOrDefault(sites.get(k), 0L) <= silent;
            alive += answers ? 1 : 0;
            if (faults[k] < FAULTS) {
                asked++;
                boolean open = !opened.replies.containsKey(k) && !opened.refused.contains(k);
                awaited += open && answers ? 1 : 0;
            }
        }
        metrics.set("lethe_federation_sites_alive", alive);
        metrics.set("lethe_federation_sites_quarantined", sites.size() - asked);
        if (asked < fewest) {
            throw missing("only " + asked + " sites are not in quarantine, expected at least " + fewest);
        }
        int replies = opened.replies.size();
        return replies >= fewest && (replies >= Math.ceil(quorum * asked) || awaited == 0);
    }

    private static LetheException missing(String what) {
        return new LetheException(LetheException.Code.NETWORK, "federation: " + what);
    }

    /** Tells the sites that it is over; does not wait for one that does not ask. */
    private void finish(float[] weights) throws InterruptedException {
        lock.lock();
        try {
            done = Optional.of(weights);
            phase = Optional.empty();
            changed.signalAll();
            long left = TimeUnit.MILLISECONDS.toNanos(
                    Math.min(10_000, MISSED * plan.rules().beatMillis()));
            while (left > 0
                    && told.size()
                            < IntStream.of(faults).filter(f -> f < FAULTS).count()) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private Outcome outcome(Network network, float[] weights, long[] counts) {
        long[][][] cells = new long[known().groups() + 1][2][2];
        for (int k = 0; k < counts.length; k++) {
            cells[k / 4][k / 2 % 2][k % 2] = counts[k];
        }
        List<String> quarantined = IntStream.range(0, sites.size())
                .filter(k -> faults[k] >= FAULTS)
                .mapToObj(sites::get)
                .toList();
        return new Outcome(new Classifier(network, weights), known(), new GroupRates(cells), sites, quarantined);
    }
}
