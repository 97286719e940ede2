package org.lethe.recsys;

import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.lethe.Check;

/**
 * Interactions split into training, validation and test parts, which share their users and items.
 *
 * @param train training part
 * @param validation part for early stopping; if it is empty, training runs its full number of epochs
 * @param test test part, used for evaluation only
 */
public record Split(Interactions train, Interactions validation, Interactions test) {
    public Split {
        require(train, validation, "validation");
        require(train, test, "test");
    }

    private static void require(Interactions train, Interactions part, String name) {
        Check.require(
                part.users() == train.users() && part.items() == train.items(),
                name,
                part,
                "the users and items of train: " + train);
    }

    /** Number of users. */
    public int users() {
        return train.users();
    }

    /** Number of items. */
    public int items() {
        return train.items();
    }

    /** The split with each of its three parts changed. */
    public Split each(UnaryOperator<Interactions> change) {
        return new Split(change.apply(train), change.apply(validation), change.apply(test));
    }

    /** The split without some users, in all three parts; users and items keep their numbers. */
    public Split withoutUsers(IntPredicate drop) {
        return each(part -> part.withoutUsers(drop));
    }
}
