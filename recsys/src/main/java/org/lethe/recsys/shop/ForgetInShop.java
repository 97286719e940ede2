package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.recsys.Interactions;
import org.lethe.study.IdFile;

/**
 * Makes a recommender in a folder forget users, items or single interactions.
 *
 * <p>Writes a new version, makes it current in one step, and deletes the old one, from which the forgotten could be read. The history says
 * what was done, without an id.
 *
 * @param shop folder of the recommender
 * @param users ids of users, all of whose interactions go; the shell keeps what is typed, a file can be deleted
 * @param usersFile text file with further ids of users, one on each line, which may hold commas
 * @param items ids of items, all of whose interactions go
 * @param itemsFile text file with further ids of items, one on each line
 * @param interactions file with single interactions, with the columns of the training
 * @param verify whether a training without them is done as well and compared, bit by bit
 * @param keepOld how long the old version stays: 0, or a number with d, h or m, as 7d; a later command deletes it then
 */
@Named("recsys forget")
public record ForgetInShop(
        @Argument Path shop,
        List<String> users,
        Optional<Path> usersFile,
        List<String> items,
        Optional<Path> itemsFile,
        Optional<Path> interactions,
        boolean verify,
        String keepOld)
        implements Tool<ForgetInShop.Result> {
    private static final Pattern TIME = Pattern.compile("(\\d{1,4})([dhm])");

    public ForgetInShop {
        users = List.copyOf(users);
        items = List.copyOf(items);
        keep(keepOld);
    }

    /** Nothing yet. */
    public ForgetInShop() {
        this(Path.of(""), List.of(), Optional.empty(), List.of(), Optional.empty(), Optional.empty(), false, "0");
    }

    /** Some users and items, at once and without a training to compare with. */
    public ForgetInShop(Path shop, List<String> users, List<String> items) {
        this(shop, users, Optional.empty(), items, Optional.empty(), Optional.empty(), false, "0");
    }

    @Override
    public Set<Need> needs() {
        return Need.WITHOUT_SEED; // that of the first training stays
    }

    private static Shop.Keep keep(String text) {
        Matcher matcher = TIME.matcher(text);
        if (text.equals("0")) {
            return Shop.Keep.NOTHING;
        }
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "keepOld is \"" + text + "\", expected 0, or a number with d, h or m behind it, as 7d");
        }
        long number = Long.parseLong(matcher.group(1));
        return new Shop.Keep(
                switch (matcher.group(2)) {
                    case "d" -> Duration.ofDays(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofMinutes(number);
                });
    }

    /**
     * What was done.
     *
     * @param change of the folder
     */
    public record Result(@Inline Shop.Change change) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%d users and %d items forgotten, %,d interactions removed, %,d left; %.2f s%n",
                    change.users(),
                    change.items(),
                    change.removed(),
                    change.interactions(),
                    change.seconds());
            out.println(
                    change.verified().isPresent()
                            ? "The model is bit for bit the one that is trained without them (checked)."
                            : "The method is " + change.promise().label() + ".");
            out.println("version " + change.version());
        }
    }

    @Override
    public Result run(Env env) throws IOException {
        Shop opened = Shop.open(shop);
        List<Erasure.Pair> pairs = new ArrayList<>();
        if (interactions.isPresent()) {
            Interactions read = AddToShop.read(interactions.get(), opened.columns(), env);
            for (int u = 0; u < read.users(); u++) {
                for (int k = read.from(u); k < read.to(u); k++) {
                    pairs.add(new Erasure.Pair(
                            read.userEntities().id(u), read.itemEntities().id(read.item(k))));
                }
            }
        }
        List<String> allUsers = with(users, usersFile);
        List<String> allItems = with(items, itemsFile);
        if (allUsers.isEmpty() && allItems.isEmpty() && pairs.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "nothing is to be forgotten; expected --users, --users-file, --items, --items-file or --interactions");
        }
        return new Result(opened.forget(new Erasure(allUsers, allItems, pairs), keep(keepOld), verify, env));
    }

    private static List<String> with(List<String> typed, Optional<Path> file) {
        return Stream.concat(typed.stream(), file.map(IdFile::read).stream().flatMap(List::stream))
                .toList();
    }
}
