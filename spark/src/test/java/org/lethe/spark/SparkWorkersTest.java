package org.lethe.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.LetheException.Code;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.study.Engine;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Studies;
import org.lethe.study.Study;

/** Spark within this process: two threads, and up to four attempts at a task. */
@Timeout(60)
class SparkWorkersTest {
    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Workers spark;

    @BeforeAll
    static void open() {
        spark = Workers.of("spark://local[2,4]");
    }

    @AfterAll
    static void close() {
        spark.close();
    }

    /** A tree of sums: every inner node hands out three tasks. */
    private record Sum(int depth, long from) implements Workers.Task<Long> {
        @Override
        public Long run(Workers workers) {
            return depth == 0
                    ? from
                    : workers
                            .all(IntStream.range(0, 3)
                                    .mapToObj(i -> new Sum(depth - 1, from * 3 + i))
                                    .toList())
                            .stream()
                            .mapToLong(Long::longValue)
                            .sum();
        }
    }

    /** Whether a task runs in a task of Spark. */
    private static boolean away() {
        return TaskContext.get() != null;
    }

    private static List<Workers.Task<Double>> clients(int count) {
        List<Workers.Task<Double>> clients = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            double part = Math.sin(n) * Math.pow(10, n % 17);
            clients.add(workers -> part);
        }
        return clients;
    }

    @Test
    void resultsKeepTheOrderOfTheTasks() {
        List<Sum> tasks =
                IntStream.range(0, 20).mapToObj(n -> new Sum(n % 3, n)).toList();
        assertEquals(Workers.here().all(tasks), spark.all(tasks));
        assertEquals(List.of(), spark.all(List.<Sum>of()));
    }

    @Test
    void aSumOverManyHasTheSameBits() {
        for (int block : new int[] {7, 64, 5_000}) {
            assertEquals(
                    Workers.here().fold(clients(500), block, Double::sum),
                    spark.fold(clients(500), block, Double::sum));
        }
    }

    @Test
    void aSharedValueIsReadByEveryTask() {
        try (Workers.Shared<long[]> shared = spark.share(new long[] {3, 5, 7})) {
            List<Workers.Task<Long>> tasks = new ArrayList<>();
            for (int n = 0; n < 3; n++) {
                int at = n;
                tasks.add(workers -> shared.value()[at]);
            }
            assertEquals(List.of(3L, 5L, 7L), spark.all(tasks));
        }
    }

    @Test
    void everyResultArrivesOnceWithTheNumberOfItsTask() {
        int[] arrivals = new int[50];
        spark.gather(IntStream.range(0, 50).mapToObj(n -> new Sum(0, n * 10)).toList(), (number, result) -> {
            assertEquals(number * 10L, result);
            arrivals[number]++;
        });
        assertTrue(IntStream.of(arrivals).allMatch(n -> n == 1));
    }

    @Test
    void anExceptionComesBackAsWhatItWas() {
        AtomicInteger arrived = new AtomicInteger();
        List<Workers.Task<Integer>> tasks = new ArrayList<>();
        for (int n = 0; n < 8; n++) {
            int number = n;
            tasks.add(workers -> {
                if (number == 3 || number == 6) {
                    throw new LetheException(Code.NUMERIC, "round " + number + ": weight 0 is NaN");
                }
                return number;
            });
        }
        LetheException e = assertThrows(
                LetheException.class, () -> spark.gather(tasks, (number, result) -> arrived.incrementAndGet()));
        assertEquals(Code.NUMERIC, e.code());
        assertEquals("round 3: weight 0 is NaN", e.getMessage(), "the first in the order of the tasks");
        assertEquals(6, arrived.get(), "all others have ended");
    }

    /** An exception that cannot travel. */
    private static final class Holding extends Exception {
        private static final long serialVersionUID = 1L;
        private final Thread thread = Thread.currentThread();

        @Override
        public String getMessage() {
            return "held by " + thread;
        }
    }

    @Test
    void anExceptionThatHoldsWhatCannotTravelKeepsItsCodeAndMessage() {
        Workers.Task<Integer> fails = workers -> {
            throw new LetheException(Code.DATA, "u.data:3: expected 4 fields", new Holding());
        };
        LetheException e = assertThrows(LetheException.class, () -> spark.all(List.of(fails, fails)));
        assertEquals(Code.DATA, e.code());
        assertEquals("u.data:3: expected 4 fields", e.getMessage());
    }

    @Test
    void aTaskWhosePlaceFailsIsDoneAgainAndCountedOnce() {
        List<Workers.Task<Long>> tasks = new ArrayList<>();
        for (long n = 0; n < 10; n++) {
            long part = 1L << n;
            tasks.add(workers -> {
                if (part % 3 == 1 && away() && TaskContext.get().attemptNumber() < 2) {
                    throw new NoClassDefFoundError("not on this machine");
                }
                return part;
            });
        }
        assertEquals(1023, spark.fold(tasks, 1, Long::sum));
        int[] arrivals = new int[10];
        spark.gather(tasks, (number, result) -> arrivals[number]++);
        assertTrue(IntStream.of(arrivals).allMatch(n -> n == 1));
    }

    @Test
    void aTaskThatFailsEverywhereEndsWithOneLine() {
        Workers.Task<Integer> fails = workers -> {
            throw new NoClassDefFoundError("Missing");
        };
        LetheException e = assertThrows(LetheException.class, () -> spark.all(List.of(fails, fails)));
        assertEquals(Code.NETWORK, e.code());
        assertTrue(e.getMessage().startsWith("the cluster gave up: "), e.getMessage());
        assertTrue(e.getMessage().contains("NoClassDefFoundError: Missing"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void aResultThatCannotTravelIsRefused() {
        Workers.Task<Object> plain = workers -> new Object();
        LetheException e = assertThrows(LetheException.class, () -> spark.all(List.of(plain, plain)));
        assertEquals(
                "the result of a task cannot travel: java.io.NotSerializableException: java.lang.Object",
                e.getMessage());
    }

    @Test
    void aSingleTaskRunsHereAndItsOwnTravel() {
        Workers.Task<List<Boolean>> outer = workers -> {
            List<Workers.Task<Boolean>> inner = List.of(w -> away(), w -> away());
            List<Boolean> found = new ArrayList<>(workers.all(inner));
            found.add(away());
            return found;
        };
        assertEquals(List.of(true, true, false), spark.all(List.of(outer)).getFirst());
        assertEquals(List.of(true, true, true), spark.all(List.of(outer, outer)).get(1), "one executor does all of it");
    }

    @Test
    void tasksThatHoldTheirPlaceRunThere() {
        AtomicLong sum = new AtomicLong();
        Thread place = Thread.currentThread(); // not serialisable
        Workers.Task<Boolean> bound = workers -> {
            sum.addAndGet(place.isAlive() ? 1 : 0);
            return away();
        };
        assertEquals(List.of(false, false, false), spark.all(List.of(bound, bound, bound)));
        assertEquals(3, sum.get());
    }

    @Test
    void loopsOverRowsStayInThisProcess() {
        AtomicInteger parts = new AtomicInteger();
        spark.each(100, i -> parts.addAndGet(away() ? 0 : 1));
        assertEquals(100, parts.get());
    }

    @Test
    void aStudyHasTheFindingsOfThreadsAndItsBarMoves(@TempDir Path folder) {
        Study<?, ?> study = Study.parse("small.yaml", Clustered.STUDY, Studies.subjects());
        AtomicLong moved = new AtomicLong();
        Set<Thread> threads = Collections.synchronizedSet(new HashSet<>());
        Progress counted = (what, total) -> new Progress.Step() {
            @Override
            public void advance(long amount) {
                moved.addAndGet(amount);
                threads.add(Thread.currentThread());
            }

            @Override
            public void note(String message) {}

            @Override
            public void close() {}
        };
        List<Run> here = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()))
                .run(study, RunFolder.at(folder.resolve("here")), false);
        List<Run> there = new Engine(spark, counted, new DataFolders(List.of()))
                .run(study, RunFolder.at(folder.resolve("there")), false);
        assertTrue(here.stream().allMatch(run -> run.failure().isEmpty()));
        assertEquals(
                here.stream().map(RunFolder::comparable).toList(),
                there.stream().map(RunFolder::comparable).toList());
        assertEquals(here.size(), moved.get());
        assertEquals(Set.of(Thread.currentThread()), threads);
    }

    @Test
    void aWrongAddressIsRefusedAtOnce() {
        for (String wrong :
                List.of("spark://", "spark://host", "spark://host:7077:1", "spark://local[", "spark://a b:1")) {
            LetheException e = assertThrows(LetheException.class, () -> Workers.of(wrong), wrong);
            assertEquals(Code.STUDY, e.code());
            assertTrue(e.getMessage().contains("\"" + wrong + "\", expected spark://HOST:PORT"), e.getMessage());
        }
        LetheException absent = assertThrows(LetheException.class, () -> Workers.of("spark://127.0.0.1:1"));
        assertEquals(Code.NETWORK, absent.code());
        assertTrue(absent.getMessage().contains("no master answers: 127.0.0.1:1: "), absent.getMessage());
        LetheException port = assertThrows(LetheException.class, () -> Workers.of("spark://127.0.0.1:70000"));
        assertTrue(port.getMessage().contains("port is 70000, expected 1 to 65535"), port.getMessage());
        LetheException alone = assertThrows(LetheException.class, () -> Workers.of("spark://submitted"));
        assertTrue(alone.getMessage().contains("expected a start by spark-submit"), alone.getMessage());
    }

    @Test
    void aSecondConnectionIsRefusedWithItsReason() {
        LetheException e = assertThrows(LetheException.class, () -> Workers.of("spark://local[1]"));
        assertTrue(e.getMessage().contains("Only one SparkContext"), e.getMessage());
        assertEquals(List.of(1L, 2L), spark.all(List.of(new Sum(0, 1), new Sum(0, 2))), "the first one goes on");
    }
}
