package org.lethe.federated.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.federated.SiteTable;
import org.lethe.federated.balance.FedAvg;
import org.lethe.federated.network.Message.Body;
import org.lethe.federated.network.Message.Code;
import org.lethe.federated.network.Message.Reply;
import org.lethe.federated.network.Message.Task;

@Timeout(15)
class ProtocolTest {
    private static final Plan.Rules ALL = new Plan.Rules(1, 2, 20_000, 20_000, 5_000);
    private static final Env ENV = Env.seeded(3);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    private Future<Host.Outcome> start(Host host) {
        return threads.submit(host::run);
    }

    private List<Future<Site.Outcome>> join(Host host, List<Path> files) {
        List<Future<Site.Outcome>> joined = new ArrayList<>();
        for (int k = 0; k < files.size(); k++) {
            String name = Real.name(k);
            joined.add(threads.submit(site(message -> host.answer(name, message), files.get(k), name)::run));
        }
        return joined;
    }

    private Site site(Site.Link link, Path file, String name) {
        return new Site(
                link,
                layout -> SiteTable.read(file, layout, "", ""),
                folder.resolve("state-" + name),
                20_000,
                100,
                Progress.NONE);
    }

    @Test
    void realSitesGiveTheBitsOfTheSimulation() throws Exception {
        List<Path> files = Real.files(folder, 10, 60);
        float[] expected = Real.simulated(files, Real.learner(3), Real.fair(3), 10, ENV);
        Host host = new Host(Real.plan(10, Real.learner(3), Real.fair(3), ALL), folder.resolve("server"), ENV);
        Future<Host.Outcome> outcome = start(host);
        List<Future<Site.Outcome>> sites = join(host, files);
        for (Future<Site.Outcome> site : sites) {
            assertEquals(6, site.get(20, TimeUnit.SECONDS).trained());
        }
        assertArrayEquals(expected, outcome.get().classifier().weights());
        assertEquals(10 * 60 - 10 * 42, outcome.get().rates().counts().length == 3 ? total(outcome.get()) : -1);
        for (Future<Site.Outcome> site : sites) {
            assertArrayEquals(expected, site.get().classifier().weights());
            assertEquals(6, site.get().trained());
        }
    }

    private static long total(Host.Outcome outcome) {
        return Arrays.stream(outcome.rates().counts())
                .flatMap(Arrays::stream)
                .flatMapToLong(Arrays::stream)
                .sum();
    }

    @Test
    void sitesTalkOverGrpcInChunks() throws Exception {
        List<Path> files = Real.files(folder, 2, 60);
        float[] expected = Real.simulated(files, Real.plain(2), new FedAvg(0), 10, ENV);
        Host host = new Host(Real.plan(2, Real.plain(2), new FedAvg(0), ALL), folder.resolve("server"), ENV);
        try (Channel.Listening listening = Channel.listen(0, Optional.empty(), host::answer)) {
            Future<Host.Outcome> outcome = start(host);
            List<Future<Site.Outcome>> sites = new ArrayList<>();
            for (int k = 0; k < 2; k++) {
                String name = Real.name(k);
                Path file = files.get(k);
                sites.add(threads.submit(() -> {
                    try (Channel link = Channel.plain("localhost:" + listening.port(), name)) {
                        return site(link, file, name).run();
                    }
                }));
            }
            assertArrayEquals(expected, outcome.get().classifier().weights());
            for (Future<Site.Outcome> site : sites) {
                assertArrayEquals(expected, site.get().classifier().weights());
            }
        }
        byte[] large = new byte[5 * Channel.CHUNK / 2];
        new Random(1).nextBytes(large);
        try (Channel.Listening echo = Channel.listen(0, Optional.empty(), (_, message) -> message);
                Channel link = Channel.plain("localhost:" + echo.port(), "a")) {
            assertArrayEquals(large, link.exchange(large));
        }
    }

    /** What a faulty site does to one of its replies. */
    private static Site.Link tampering(Site.Link link, UnaryOperator<Message> change) {
        return bytes -> link.exchange(change.apply(Message.of(bytes)).bytes());
    }

    private static UnaryOperator<Message> updates(UnaryOperator<Reply.TrainReply> change) {
        return m -> m.body() instanceof Body.Push(var task, Reply.TrainReply reply)
                ? new Message(m.run(), m.model(), new Body.Push(task, change.apply(reply)))
                : m;
    }

    /** Runs a federation of four sites, the last of which tampers, and returns its host. */
    private Host tampered(int rounds, UnaryOperator<Message> change) throws Exception {
        List<Path> files = Real.files(folder, 4, 40);
        Host host = new Host(Real.plan(4, Real.plain(rounds), Real.fair(1), ALL), folder.resolve("server"), ENV);
        Future<Host.Outcome> outcome = start(host);
        List<Future<Site.Outcome>> honest = join(host, files.subList(0, 3));
        Future<Site.Outcome> faulty = threads.submit(site(
                tampering(m -> host.answer(Real.name(3), m), change), files.get(3), Real.name(3))::run);
        for (Future<Site.Outcome> site : honest) {
            site.get();
        }
        Host.Outcome ended = outcome.get();
        for (float weight : ended.classifier().weights()) {
            assertTrue(Float.isFinite(weight));
        }
        try {
            faulty.get();
            assertEquals(List.of(), ended.quarantined());
        } catch (ExecutionException refused) {
            assertTrue(String.valueOf(refused.getMessage()).contains("QUARANTINED"), refused.getMessage());
            assertEquals(List.of(Real.name(3)), ended.quarantined());
        }
        return host;
    }

    private static double refused(Host host, Code code) {
        return host.metrics().value("lethe_federation_refused_total{code=\"" + code + "\"}");
    }

    @Test
    void updatesThatAreNotFiniteAreRefusedAndTheirSiteIsAskedNoMoreAfterThree() throws Exception {
        Host host = tampered(5, updates(r -> {
            float[] w = r.weights().clone();
            w[0] = Float.NaN;
            return new Reply.TrainReply(w, r.records(), r.steps(), r.loss(), r.reset());
        }));
        assertEquals(3, refused(host, Code.NOT_FINITE));
    }

    @Test
    void updatesOfAnotherLengthAreRefused() throws Exception {
        Host host = tampered(
                1,
                updates(r -> new Reply.TrainReply(
                        Arrays.copyOf(r.weights(), 3), r.records(), r.steps(), r.loss(), r.reset())));
        assertEquals(2, refused(host, Code.MALFORMED)); // in the plain round and in the fair one
    }

    @Test
    void updatesOfTenTimesTheUsualNormAreRefused() throws Exception {
        AtomicInteger round = new AtomicInteger();
        Host host = tampered(3, updates(r -> {
            float[] w = r.weights().clone();
            if (round.incrementAndGet() == 3) {
                w[0] += 1_000;
            }
            return new Reply.TrainReply(w, r.records(), r.steps(), r.loss(), r.reset());
        }));
        assertEquals(1, refused(host, Code.TOO_LARGE));
    }

    @Test
    void updatesOfMoreRecordsThanTheSiteHasAreRefused() throws Exception {
        Host host = tampered(1, updates(r -> new Reply.TrainReply(r.weights(), 1_000, r.steps(), r.loss(), false)));
        assertEquals(2, refused(host, Code.INCONSISTENT));
    }

    @Test
    void histogramsThatContradictThemselvesAreRefused() throws Exception {
        Host host = tampered(
                1,
                m -> m.body() instanceof Body.Push(var task, Reply.StatsReply(var h, var n))
                        ? new Message(m.run(), m.model(), new Body.Push(task, new Reply.StatsReply(h, n + 1)))
                        : m);
        assertEquals(1, refused(host, Code.INCONSISTENT));
    }

    @Test
    void repliesAboutAnotherModelAreRefused() throws Exception {
        Host host = tampered(
                1,
                m -> m.body() instanceof Body.Push(var task, Reply.StatsReply reply)
                        ? new Message(m.run(), m.model() + 1, new Body.Push(task, reply))
                        : m);
        assertEquals(1, refused(host, Code.MODEL));
    }

    @Test
    void aReplySentTwiceCountsOnceAndALateOneNever() throws Exception {
        repeating();
    }

    /** A federation of three rounds, the last of whose four sites sends every reply again and again. */
    private void repeating() throws Exception {
        List<Path> files = Real.files(folder, 4, 40);
        float[] expected = Real.simulated(files, Real.plain(3), new FedAvg(0), 10, ENV);
        Host host = new Host(Real.plan(4, Real.plain(3), new FedAvg(0), ALL), folder.resolve("server"), ENV);
        Future<Host.Outcome> outcome = start(host);
        List<Future<Site.Outcome>> honest = join(host, files.subList(0, 3));
        List<byte[]> sent = new ArrayList<>();
        Site.Link twice = bytes -> {
            byte[] answer = host.answer(Real.name(3), bytes);
            if (Message.of(bytes).body() instanceof Body.Push) {
                sent.add(bytes);
                for (byte[] again : sent) {
                    Message said = Message.of(host.answer(Real.name(3), again));
                    Code code =
                            assertInstanceOf(Body.Refusal.class, said.body()).code();
                    assertTrue(code == Code.DUPLICATE || code == Code.LATE, "" + code);
                }
            }
            return answer;
        };
        Future<Site.Outcome> last = threads.submit(site(twice, files.get(3), Real.name(3))::run);
        assertArrayEquals(expected, outcome.get().classifier().weights());
        assertArrayEquals(expected, last.get().classifier().weights());
        for (Future<Site.Outcome> site : honest) {
            site.get();
        }
        assertEquals(List.of(), outcome.get().quarantined());
    }

    @Test
    void anotherSchemaVersionIsRefusedWithBothVersions() throws Exception {
        Host host = new Host(Real.plan(2, Real.plain(1), new FedAvg(0), ALL), folder, ENV);
        byte[] register = new Message(0, 0, new Body.Register()).bytes();
        register[5] = 2;
        Body.Refusal refusal = assertInstanceOf(
                Body.Refusal.class, Message.of(host.answer("a", register)).body());
        assertEquals(Code.VERSION, refusal.code());
        assertTrue(refusal.reason().contains("is 2, expected 1"), refusal.reason());
        byte[] theirs = new Message(0, 0, refusal).bytes();
        theirs[5] = 2;
        assertEquals(refusal, Message.of(theirs).body(), "a refusal of another version can be read");
    }

    @Test
    void bytesThatAreNoMessageAreRefused() throws Exception {
        Host host = new Host(Real.plan(2, Real.plain(1), new FedAvg(0), ALL), folder, ENV);
        byte[] give =
                new Message(1, 2, new Body.Give(4, 0, new Task.TrainTask(new float[9], 5, true, List.of()))).bytes();
        for (int length = 0; length < give.length; length++) {
            Message said = Message.of(host.answer("a", Arrays.copyOf(give, length)));
            assertEquals(
                    Code.MALFORMED,
                    assertInstanceOf(Body.Refusal.class, said.body()).code());
        }
        byte[] lying = give.clone();
        lying[36] = 0x7F; // the length of the weights
        assertThrows(Wire.Malformed.class, () -> Message.of(lying));
    }

    @Test
    void onlyACertificateOfTheSameAuthorityComesIn() throws Exception {
        Path own = folder.resolve("own");
        Path foreign = folder.resolve("foreign");
        new Certificates(own, 1, List.of("localhost"), 2).run(ENV);
        new Certificates(foreign, 1, List.of("localhost"), 2).run(ENV);
        try (Channel.Listening echo = Channel.listen(
                0,
                Optional.of(new Channel.Identity(own, "server")),
                (site, _) -> site.getBytes(StandardCharsets.UTF_8))) {
            String address = "localhost:" + echo.port();
            try (Channel link = Channel.to(address, new Channel.Identity(own, "site-01"))) {
                assertEquals("site-01", new String(link.exchange(new byte[1]), StandardCharsets.UTF_8));
            }
            Files.copy(own.resolve("ca.crt"), foreign.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
            for (Channel.Identity stranger :
                    List.of(new Channel.Identity(foreign, "site-01"), new Channel.Identity(own, "server"))) {
                try (Channel link = Channel.to(address, stranger)) {
                    var refused = assertThrows(LetheException.class, () -> link.exchange(new byte[1]));
                    assertTrue(refused.getMessage().contains("certificate"), refused.getMessage());
                }
            }
            try (Channel link = Channel.plain(address, "site-01")) {
                assertThrows(IOException.class, () -> link.exchange(new byte[1]));
            }
        }
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(own.resolve("site-01.key"))));
    }

    @Test
    void aMonitorReadsCountsInTheFormOfPrometheus() throws Exception {
        Metrics metrics = new Metrics();
        metrics.count("lethe_federation_refused_total{code=\"LATE\"}", 2);
        metrics.set("lethe_federation_round", 3);
        var server = metrics.serve(0);
        try (var client = HttpClient.newHttpClient()) {
            String text = client.send(
                            HttpRequest.newBuilder(URI.create("http://localhost:"
                                            + server.getAddress().getPort() + "/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            assertEquals("""
                    # TYPE lethe_federation_refused_total counter
                    lethe_federation_refused_total{code="LATE"} 2.0
                    # TYPE lethe_federation_round gauge
                    lethe_federation_round 3.0
                    """, text);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aRoundClosesByQuorumAndByDeadline() throws Exception {
        List<Path> files = Real.files(folder, 3, 40);
        for (Plan.Rules rules :
                List.of(new Plan.Rules(0.6, 2, 20_000, 20_000, 500), new Plan.Rules(1, 2, 300, 20_000, 500))) {
            Host host = new Host(
                    Real.plan(3, Real.plain(2), new FedAvg(0), rules), folder.resolve("server " + rules.quorum()), ENV);
            Future<Host.Outcome> outcome = start(host);
            List<Future<Site.Outcome>> two = join(host, files.subList(0, 2));
            // the third tells its profile and falls silent
            Site.Link silent = bytes -> {
                byte[] answer = host.answer(Real.name(2), bytes);
                if (Message.of(answer).body() instanceof Body.Give(var _, var _, Task.TrainTask _)) {
                    throw new LetheException(LetheException.Code.NETWORK, "falls silent");
                }
                return answer;
            };
            Future<Site.Outcome> third = threads.submit(site(silent, files.get(2), Real.name(2))::run);
            for (Future<Site.Outcome> site : two) {
                assertEquals(2, site.get().trained());
            }
            assertEquals(3, outcome.get().sites().size());
            assertThrows(ExecutionException.class, third::get);
        }
    }

    @Test
    void tooFewRepliesEndTheFederationWithTheNamesOfTheAbsent() throws Exception {
        List<Path> files = Real.files(folder, 2, 40);
        Plan.Rules rules = new Plan.Rules(1, 2, 100, 20_000, 60_000);
        Host host = new Host(Real.plan(2, Real.plain(2), new FedAvg(0), rules), folder.resolve("server"), ENV);
        Future<Host.Outcome> outcome = start(host);
        var _ = join(host, files.subList(0, 1));
        host.answer(Real.name(1), new Message(0, 0, new Body.Register()).bytes());
        var failed = assertThrows(ExecutionException.class, outcome::get);
        LetheException why = assertInstanceOf(LetheException.class, failed.getCause());
        assertTrue(why.getMessage().contains("no reply came from [site-02]"), why.getMessage());
    }

    @Test
    void aServerThatStoppedInAnyRoundGoesOnToTheSameBits() throws Exception {
        List<Path> files = Real.files(folder, 3, 40);
        float[] expected = Real.simulated(files, Real.learner(2), Real.fair(2), 10, ENV);
        for (int stop = 1; stop <= 4; stop++) {
            Path state = folder.resolve("server " + stop);
            Plan plan = Real.plan(3, Real.learner(2), Real.fair(2), ALL);
            Host first = new Host(plan, state, ENV);
            Future<Host.Outcome> cut = start(first);
            Host[] now = {first};
            int round = stop;
            // the server goes when the first update of this round arrives
            Callable<Host> restart = () -> {
                synchronized (now) {
                    if (now[0] == first) {
                        cut.cancel(true);
                        now[0] = new Host(plan, state, ENV);
                        var _ = start(now[0]);
                    }
                    return now[0];
                }
            };
            List<Future<Site.Outcome>> sites = new ArrayList<>();
            for (int k = 0; k < 3; k++) {
                String name = Real.name(k);
                Site.Link link = bytes -> {
                    try {
                        boolean dies = Message.of(bytes).body() instanceof Body.Push(var task, Reply.TrainReply _)
                                && task / 4 == round;
                        return (dies ? restart.call() : now[0]).answer(name, bytes);
                    } catch (IOException | RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new IOException(e);
                    }
                };
                sites.add(threads.submit(new Site(
                        link,
                        layout -> SiteTable.read(files.get(Integer.parseInt(name.substring(5)) - 1), layout, "", ""),
                        folder.resolve("state " + round + name),
                        20_000,
                        1_000,
                        Progress.NONE)::run));
            }
            for (Future<Site.Outcome> site : sites) {
                assertArrayEquals(expected, site.get().classifier().weights(), "stopped in round " + round);
            }
        }
    }

    @Test
    void aDamagedStateIsPassedOverForTheOneBefore() throws Exception {
        repeating();
        Path server = folder.resolve("server");
        String settings = Real.plan(4, Real.plain(3), new FedAvg(0), ALL).digest(ENV.seed());
        assertEquals(3, new WriteAhead(server).read(settings).orElseThrow().round());
        Path newest = server.resolve("round-00000003.state");
        byte[] bytes = Files.readAllBytes(newest);
        bytes[bytes.length / 2] ^= 1;
        Files.write(newest, bytes);
        assertEquals(2, new WriteAhead(server).read(settings).orElseThrow().round());
        try (var files = Files.list(server)) {
            assertEquals(3, files.count(), "the last three are kept");
        }
        LetheException other = assertThrows(LetheException.class, () -> new WriteAhead(server).read("other settings"));
        assertTrue(other.getMessage().contains("other settings"), other.getMessage());
    }
}
