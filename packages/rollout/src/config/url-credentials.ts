export const strayPercent =
  'has a % in its user or password that stands for nothing; write %25 for a %';

/** Whether user and password of an address can be decoded: one with a bare % can't. */
export const isDecodable = ({ username, password }: URL): boolean => {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
};
