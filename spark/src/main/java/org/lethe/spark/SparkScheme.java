package org.lethe.spark;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.lethe.LetheException;
import org.lethe.LetheException.Code;
import org.lethe.Workers;

/**
 * Addresses of Spark: {@code spark://host:7077} for a standalone master, {@code spark://submitted} under {@code spark-submit},
 * {@code spark://local[2]} for a trial within this process.
 *
 * <p>Settings of Spark are system properties, as {@code -Dspark.executor.memory=8g}. This class is found where Spark is absent, so it
 * names none of Spark's types.
 */
public final class SparkScheme implements Workers.Scheme {
    private static final String MASTER = "spark.master"; // set by spark-submit
    private static final Pattern LOCAL = Pattern.compile("local(\\[[^\\]]+\\])?");
    private static final Pattern MASTERS = Pattern.compile("[^\\s:,/]+:\\d{1,5}(,[^\\s:,/]+:\\d{1,5})*");
    private static final int PATIENCE = 5_000; // milliseconds until a master counts as absent

    /** Found through {@code ServiceLoader}. */
    public SparkScheme() {}

    @Override
    public String name() {
        return "spark";
    }

    @Override
    public Workers open(String address) {
        String master = master(address);
        if (!present("org.apache.spark.SparkContext")) {
            throw new LetheException(
                    Code.STUDY,
                    "workers is \"" + address
                            + "\", but Spark is not on the class path; expected spark-core of the cluster's"
                            + " version there, or the command lethe, which adds it");
        }
        if (!Object.class.getModule().isOpen("sun.nio.ch", SparkScheme.class.getModule())) {
            throw new LetheException(
                    Code.STUDY,
                    "Spark needs the option --add-opens=java.base/sun.nio.ch=ALL-UNNAMED of the JVM, which the command"
                            + " lethe gives");
        }
        if (System.getProperty("log4j2.configurationFile") == null) {
            System.setProperty("log4j2.configurationFile", "org/lethe/spark/log4j2.properties");
        }
        return SparkWorkers.at(master);
    }

    private static boolean present(String type) {
        try {
            Class.forName(type, false, SparkScheme.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException _) {
            return false;
        }
    }

    /** The master of an address, in Spark's words; a standalone one must answer. */
    private static String master(String address) {
        String rest = address.substring("spark://".length());
        if (LOCAL.matcher(rest).matches()) {
            return rest;
        }
        if (rest.equals("submitted")) {
            return Optional.ofNullable(System.getProperty(MASTER))
                    .orElseThrow(() -> new LetheException(
                            Code.STUDY,
                            "workers is \"" + address + "\", but the setting " + MASTER
                                    + " is missing; expected a start by spark-submit"));
        }
        if (!MASTERS.matcher(rest).matches()) {
            throw new LetheException(
                    Code.STUDY,
                    "workers is \"" + address
                            + "\", expected spark://HOST:PORT, spark://submitted or spark://local[THREADS]");
        }
        answers(address, rest.split(","));
        return address;
    }

    /** Spark itself waits a minute for a master that is not there. */
    private static void answers(String address, String[] masters) {
        List<String> reasons = new ArrayList<>();
        for (String master : masters) {
            int colon = master.lastIndexOf(':');
            String host = master.substring(0, colon);
            int port = Integer.parseInt(master.substring(colon + 1));
            if (port < 1 || port > 65_535) {
                throw new LetheException(
                        Code.STUDY, "workers is \"" + address + "\": port is " + port + ", expected 1 to 65535");
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(host, port), PATIENCE);
                return;
            } catch (IOException e) {
                reasons.add(master + ": " + e.getMessage());
            }
        }
        throw new LetheException(
                Code.NETWORK, "workers is \"" + address + "\", but no master answers: " + String.join("; ", reasons));
    }
}
