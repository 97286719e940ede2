package org.lethe.cli;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.study.Studies;
import org.lethe.study.Study;
import org.lethe.study.Words;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists, fetches, adds and shows data sets. */
@Command(name = "data", mixinStandardHelpOptions = true, description = "List, fetch, add and show data sets.")
final class DataCommand implements Runnable {
    /** More than any known set unpacks to; a zip that holds more is not one of them. */
    private static final long LARGEST = 4L << 30;

    /** Formats of files whose columns have no names. */
    private static final Set<String> NAMELESS = Set.of("movielens", "lists");

    private static final String WHICH_COLUMNS =
            "expected --users and --items, the names of two columns in the first line of the"
                    + " file; or, where its columns have no names, neither of them and --format movielens (user, item, rating and time,"
                    + " with tabs or :: between them, as in u.data) or --format lists (a user and their items in a line)";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(System.out); // in colours, where the terminal has them
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "List data sets, and which of them are here.")
    void list(
            @Mixin JsonOption json,
            @Option(names = "--data", description = "A folder with data files.") Optional<Path> data) {
        Map<String, String> found = Catalogue.installed().dataFound(DataFolders.usual(data));
        json.print(
                spec,
                found,
                () -> found.forEach((name, state) -> spec.commandLine().getOut().printf("%-18s %s%n", name, state)));
    }

    @Command(
            name = "fetch",
            mixinStandardHelpOptions = true,
            description = "Fetch a data set from its publisher into the cache.")
    void fetch(
            @Parameters(
                            paramLabel = "NAME",
                            description = "As in lethe data list, or with its subject: recsys/planted.")
                    String name)
            throws IOException {
        Fetch publisher = Catalogue.installed()
                .data(name)
                .publisher()
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.STUDY, "data set " + name + " has no publisher's address to fetch from"));
        PrintWriter out = spec.commandLine().getOut();
        out.println(publisher.address());
        out.println("licence: " + publisher.licence());
        out.flush();
        String file = Path.of(publisher.address().getPath()).getFileName().toString();
        Path zip = DataFolders.cache().resolve(file);
        String sha256 = publisher.to(zip, ComputeOptions.shown());
        if (file.endsWith(".zip")) {
            unpack(zip, DataFolders.cache());
        }
        out.println("sha256 " + sha256 + ", in " + DataFolders.cache());
    }

    /**
     * Unpacks plain files below a folder. A name that leads out of it, or is the folder itself, is refused, and so is what
     * is no zip; then nothing of it is left.
     */
    static void unpack(Path zip, Path folder) throws IOException {
        Path root = folder.toAbsolutePath().normalize();
        Files.createDirectories(root);
        Path aside = Files.createTempDirectory(root, "unpacked-");
        try {
            List<Path> names = unpackAside(zip, aside);
            if (names.isEmpty()) {
                throw refused(zip, "is no zip with files in it");
            }
            for (Path name : names) {
                Path target = root.resolve(name);
                Files.createDirectories(target.getParent());
                Files.move(
                        aside.resolve(name),
                        target,
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.ATOMIC_MOVE);
            }
        } finally {
            delete(aside);
        }
    }

    /** The names of the files that were unpacked. */
    private static List<Path> unpackAside(Path zip, Path aside) throws IOException {
        List<Path> names = new ArrayList<>();
        long left = LARGEST;
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                String shown = Printable.text(entry.getName());
                Path target = aside.resolve(entry.getName()).normalize();
                if (!target.startsWith(aside)) {
                    throw refused(zip, "entry \"" + shown + "\" leads out of its folder");
                }
                if (entry.isDirectory()) {
                    continue;
                }
                if (target.equals(aside)) {
                    throw refused(zip, "entry \"" + shown + "\" is the folder itself");
                }
                if (Files.exists(target)) {
                    throw refused(zip, "entry \"" + shown + "\" comes twice, or is a folder as well");
                }
                Files.createDirectories(target.getParent());
                left -= copy(in, target, left, zip);
                names.add(aside.relativize(target));
            }
        } catch (ZipException | EOFException | IllegalArgumentException | FileAlreadyExistsException e) {
            throw new LetheException(LetheException.Code.DATA, zip + ": is cut off, or no zip: " + e.getMessage(), e);
        }
        return names;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static LetheException refused(Path zip, String why) {
        return new LetheException(LetheException.Code.DATA, zip + ": " + why);
    }

    private static long copy(InputStream in, Path to, long most, Path zip) throws IOException {
        try (var out = Files.newOutputStream(to)) {
            byte[] block = new byte[1 << 16];
            long written = 0;
            for (int n = in.read(block); n >= 0; n = in.read(block)) {
                written += n;
                if (written > most) {
                    throw refused(zip, "unpacks to more than 4 GiB");
                }
                out.write(block, 0, n);
            }
            return written;
        }
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Read a file of your own and print the line that puts it in a study.")
    void add(
            @Parameters(paramLabel = "FILE", description = "CSV, TSV or Parquet with named columns.") Path file,
            @Option(names = "--users", defaultValue = "", description = "The column of users.") String users,
            @Option(names = "--items", defaultValue = "", description = "The column of items.") String items,
            @Option(
                            names = "--format",
                            defaultValue = "",
                            description = "movielens or lists, for a file without names of columns.")
                    String format,
            @Option(names = "--value", defaultValue = "", description = "The column of values, as stars.") String value,
            @Option(names = "--time", defaultValue = "", description = "The column of times.") String time,
            @Option(
                            names = "--people",
                            description = "A CSV, TSV or Parquet file with the attributes of users, a row for each.")
                    Optional<Path> people,
            @Option(names = "--person-id", defaultValue = "", description = "Its column of users' ids; id by default.")
                    String personId,
            @Option(names = "--threshold", defaultValue = "", description = "The smallest value that counts.")
                    String threshold,
            @Option(
                            names = "--core",
                            defaultValue = "",
                            description = "The smallest number of interactions of a user and of an item.")
                    String core) {
        requireFile(file);
        people.ifPresent(DataCommand::requireFile);
        if (NAMELESS.contains(format) != (users + items).isEmpty() || users.isEmpty() != items.isEmpty()) {
            throw new ParameterException(spec.subcommands().get("add"), WHICH_COLUMNS);
        }
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("path", file.toAbsolutePath().toString());
        settings.put("format", format);
        settings.put("users", users);
        settings.put("items", items);
        settings.put("value", value);
        settings.put("time", time);
        settings.put("people", people.map(p -> p.toAbsolutePath().toString()).orElse(""));
        settings.put("personId", personId);
        settings.put("threshold", threshold);
        settings.put("core", core);
        settings.values().removeIf(String::isEmpty);
        String entry = Words.entry("file", settings);
        // The very line a study will hold is read as a study would read it.
        Study<?, ?> study = Study.parse("data add", """
                study: added
                subject: recsys
                data: [%s]
                model: [bpr]
                request: [forget-users]
                method: [retrain]
                audit: [utility]
                seeds: [1]
                """.formatted(entry), Studies.subjects());
        describe(study.data().getFirst(), DataFolders.usual(Optional.empty()), new JsonOption());
        spec.commandLine().getOut().println("data: [" + entry + "]");
    }

    private static void requireFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new LetheException(LetheException.Code.DATA, file + ": no such file");
        }
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Show what a data set contains.")
    void show(
            @Mixin JsonOption json,
            @Parameters(
                            paramLabel = "NAME",
                            description = "As in lethe data list, or with its subject: recsys/planted.")
                    String name,
            @Option(names = "--data", description = "A folder with data files.") Optional<Path> data) {
        describe(Catalogue.installed().data(name), DataFolders.usual(data), json);
    }

    private void describe(DataSource<?> source, DataFolders folders, JsonOption json) {
        Object loaded = source.load(folders);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("settings", Words.full(source));
        facts.put("data", loaded.toString());
        facts.putAll(source.facts(folders));
        facts.put("sha256", source.digest(folders));
        json.print(
                spec,
                facts,
                () -> facts.forEach((k, v) -> spec.commandLine().getOut().printf("%-9s %s%n", k, v)));
    }
}
