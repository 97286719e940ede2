package org.lethe.spark;

import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.lethe.LetheException;
import org.lethe.LetheException.Code;
import org.lethe.Workers;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

/**
 * The executors of a Spark cluster.
 *
 * <p>Each task is a task of Spark, in one thread. Results come back as values, never through accumulators, so a task that Spark
 * repeats after an executor was lost counts once. Sums are folded in the tree of {@link Workers#fold}: the same bits as on threads.
 *
 * <p>A single task runs in this process, where its own tasks are handed out. Tasks that cannot be serialised run in threads of this
 * process. A process has one connection to Spark at a time.
 */
public final class SparkWorkers implements Workers {
    private static final Duration UNTIL_READY = Duration.ofSeconds(60); // for the first executor to start

    private final JavaSparkContext spark;
    private final Workers threads;
    private final Path scratch;

    private SparkWorkers(JavaSparkContext spark, Workers threads, Path scratch) {
        this.spark = spark;
        this.threads = threads;
        this.scratch = scratch;
    }

    /** The executors of a master in Spark's words; returns once there is one. */
    static SparkWorkers at(String master) {
        Path scratch = scratch();
        JavaSparkContext spark;
        try {
            spark = new JavaSparkContext(new SparkContext(settings(master, scratch)));
        } catch (Exception e) { // Scala's checked exceptions are not declared
            delete(scratch);
            throw e instanceof LetheException known
                    ? known
                    : new LetheException(Code.NETWORK, "Spark cannot be used at " + master + ": " + line(e), e);
        }
        SparkWorkers workers =
                new SparkWorkers(spark, Workers.threads(Runtime.getRuntime().availableProcessors()), scratch);
        try {
            workers.ready(master);
        } catch (LetheException e) {
            workers.close();
            throw e;
        }
        return workers;
    }

    /** Lethe's settings; system properties beginning with {@code spark.} are stronger. */
    private static SparkConf settings(String master, Path scratch) {
        SparkConf settings = new SparkConf() // reads the system properties
                .setMaster(master)
                .setIfMissing("spark.app.name", "Lethe")
                .setIfMissing("spark.ui.enabled", "false")
                .setIfMissing("spark.driver.maxResultSize", "0") // kept models come back one by one
                .set("spark.serializer", "org.apache.spark.serializer.JavaSerializer") // of what tasks share
                .setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE")
                .setIfMissing("spark.executorEnv.MALLOC_MMAP_THRESHOLD_", "4294967296") // as bin/lethe has them
                .setIfMissing("spark.executorEnv.MALLOC_TRIM_THRESHOLD_", "8589934592")
                .setIfMissing("spark.executorEnv.OMP_NUM_THREADS", "1");
        if (!settings.contains("spark.executor.extraJavaOptions")) {
            settings.set("spark.executor.extraJavaOptions", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
        }
        if (!master.startsWith("local") && !settings.contains("spark.jars")) {
            settings.set(
                    "spark.jars",
                    Jars.of(
                                    System.getProperty("java.class.path", ""),
                                    Jars.home(SparkContext.class),
                                    Jars.home(Workers.class),
                                    scratch)
                            .stream()
                            .map(jar -> jar.toUri().toString())
                            .collect(Collectors.joining(",")));
        }
        return settings;
    }

    /** Spark would wait without end, and silently, for a cluster that has nothing free. */
    private void ready(String master) {
        if (master.startsWith("local")) {
            return;
        }
        long end = System.nanoTime() + UNTIL_READY.toNanos();
        while (spark.statusTracker().getExecutorInfos().length < 2) { // the first is this process
            if (System.nanoTime() > end || spark.sc().isStopped()) {
                throw new LetheException(
                        Code.NETWORK,
                        "no executor started at " + master + " within " + UNTIL_READY.toSeconds()
                                + " s, expected free processors and "
                                + spark.getConf().get("spark.executor.memory", "1g") + " of free memory at a worker");
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LetheException(Code.NETWORK, "interrupted before an executor started at " + master, e);
            }
        }
    }

    @Override
    public int count() {
        return spark.defaultParallelism();
    }

    @Override
    public <T> List<T> all(List<? extends Task<T>> tasks) {
        Object[] results = new Object[tasks.size()];
        gather(tasks, (number, result) -> results[number] = result);
        @SuppressWarnings("unchecked") // each slot was filled by a Task<T>
        List<T> list = (List<T>) Arrays.asList(results);
        return list;
    }

    @Override
    public <T> void gather(List<? extends Task<T>> tasks, Arrival<T> arrival) {
        if (tasks.size() == 1) {
            arrival.of(0, tasks.getFirst().run(this));
        } else if (!tasks.isEmpty()) {
            packed(tasks).ifPresentOrElse(packed -> send(packed, arrival), () -> threads.gather(tasks, arrival));
        }
    }

    /** The tasks as bytes, if they can travel. */
    private static Optional<List<byte[]>> packed(List<? extends Task<?>> tasks) {
        List<byte[]> packed = new ArrayList<>(tasks.size());
        for (Task<?> task : tasks) {
            try {
                packed.add(Bytes.of(task));
            } catch (NotSerializableException _) { // it holds the place where it was made, as a ledger
                return Optional.empty();
            } catch (IOException e) {
                throw new LetheException(Code.DEFECT, "a task cannot be written: " + e, e);
            }
        }
        return Optional.of(packed);
    }

    /** What came back for a task. */
    private record Returned(int number, byte[] bytes) {}

    private <T> void send(List<byte[]> tasks, Arrival<T> arrival) {
        RDD<byte[]> one = spark.parallelize(tasks, tasks.size()).rdd();
        BlockingQueue<Returned> returned = new LinkedBlockingQueue<>();
        List<Object> numbers =
                IntStream.range(0, tasks.size()).<Object>mapToObj(n -> n).toList();
        // Spark calls back in the thread that schedules everything, so that thread only puts results aside.
        SimpleFutureAction<BoxedUnit> job = spark.sc()
                .submitJob(
                        one,
                        new Carried(),
                        CollectionConverters.asScala(numbers).toSeq(),
                        (number, bytes) -> {
                            returned.add(new Returned((Integer) number, bytes));
                            return BoxedUnit.UNIT;
                        },
                        () -> BoxedUnit.UNIT);
        TreeMap<Integer, Exception> failures = new TreeMap<>();
        try {
            for (int n = 0; n < tasks.size(); n++) {
                Returned next = next(returned, job);
                switch ((Carried.Outcome) read(next.bytes())) {
                    case Carried.Result(Object value) -> {
                        @SuppressWarnings("unchecked") // what comes back is what the task gave
                        T result = (T) value;
                        arrival.of(next.number(), result);
                    }
                    case Carried.Failure(Exception e) -> failures.put(next.number(), e);
                }
            }
        } finally {
            if (!job.isCompleted()) {
                job.cancel(); // something went wrong here, and nobody waits for the rest
            }
        }
        if (!failures.isEmpty()) {
            throw (RuntimeException) failures.firstEntry().getValue();
        }
    }

    private static Returned next(BlockingQueue<Returned> returned, SimpleFutureAction<?> job) {
        try {
            while (true) {
                boolean ended = job.isCompleted(); // asked first, so that nothing can come in between
                Returned next = returned.poll(ended ? 0 : 100, TimeUnit.MILLISECONDS);
                if (next != null) {
                    return next;
                }
                if (ended) {
                    Throwable why = job.value().get().failed().get();
                    throw new LetheException(Code.NETWORK, "the cluster gave up: " + line(why), why);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LetheException(Code.NETWORK, "interrupted while tasks run on the cluster", e);
        }
    }

    private static Object read(byte[] bytes) {
        try {
            return Bytes.read(bytes);
        } catch (IOException | ClassNotFoundException e) {
            throw new LetheException(Code.DEFECT, "a result from the cluster cannot be read: " + e, e);
        }
    }

    /** The first line of a message; Spark's go on with the stack traces of executors. */
    private static String line(Throwable e) {
        return String.valueOf(e.getMessage() == null ? e : e.getMessage())
                .lines()
                .findFirst()
                .orElse("");
    }

    /** A value that Spark sends to each executor once, in pieces which executors pass on. */
    private record Sent<T>(Broadcast<T> sent) implements Shared<T> {
        @Override
        public T value() {
            try {
                return sent.value();
            } catch (Exception e) { // Scala's checked exceptions are not declared
                throw new Carried.Unfit("a shared value cannot be read: " + line(e), e);
            }
        }

        @Override
        public void close() {
            sent.destroy();
        }
    }

    @Override
    public <T> Shared<T> share(T value) {
        if (!(value instanceof Serializable)) {
            return Workers.super.share(value); // its tasks cannot travel either
        }
        return new Sent<>(spark.broadcast(value));
    }

    @Override
    public void each(int parts, IntConsumer body) {
        threads.each(parts, body);
    }

    @Override
    public void close() {
        spark.close();
        threads.close();
        delete(scratch);
    }

    private static Path scratch() {
        try {
            return Files.createTempDirectory("lethe-spark-");
        } catch (IOException e) {
            throw new LetheException(Code.STORAGE, "the folder for temporary files cannot be written: " + e, e);
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new LetheException(Code.STORAGE, "the folder " + folder + " cannot be deleted: " + e, e);
        }
    }
}
