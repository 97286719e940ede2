package org.lethe;

/**
 * A request to a model: {@code forget-users {choose: core, percent: 5}}. A record whose components are its settings.
 */
public interface Request {}
